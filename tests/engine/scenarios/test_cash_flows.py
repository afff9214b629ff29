"""Deposits and withdrawals: fast from the reserve or slow by unwinding, in order, and never part of the P&L."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.config import RunConfig
from engine.market import MarketPanel

MakeRun = Callable[..., RunConfig]
MakePanel = Callable[..., MarketPanel]
MODES = (
    "pure_lending",
    "btc_basis",
    "eth_basis",
    "eth_staking_only",
    "eth_leveraged",
    "usdt_market_neutral_no_leverage",
    "usdt_market_neutral",
)


def _paid(kit: Any, result: Any) -> list[tuple[int, float]]:
    return [(row["hour"], row["amount"]) for row in kit.events(result, "withdrawal")]


@pytest.mark.parametrize("mode", MODES)
def test_flows_move_nav_and_not_the_profit(make_run: MakeRun, kit: Any, mode: str) -> None:
    """At a standing market and no cost the profit is zero, whatever comes and goes."""
    run = kit.free_of_cost(make_run(mode, days=6, exit_route="dex") if "staking" in mode else make_run(mode, days=6))
    capital = run.initial_capital
    run = kit.flows(run, (20, 0.5 * capital), (60, -0.4 * capital), (100, -0.25 * capital))
    result = kit.checked_hourly(run, kit.panel(run, basis=3.0))
    assert [row["amount"] for row in kit.events(result, "deposit")] == [0.5 * capital]
    assert [amount for _, amount in _paid(kit, result)] == [-0.4 * capital, -0.25 * capital]
    assert result.final_nav == pytest.approx(0.85 * capital, rel=1e-8)
    assert np.abs(result.pnl).max() <= 1e-7 * capital
    assert result.performance.total_return == pytest.approx(0.0, abs=1e-6)
    assert result.record.net_flows.sum() == pytest.approx(-0.15 * capital, rel=1e-12)
    assert result.record.net_flows[20] == 0.5 * capital
    assert result.hourly_pnl()["net_flows"][20] == 0.5 * capital


@pytest.mark.parametrize("mode", ["pure_lending", "eth_staking_only", "eth_leveraged"])
def test_the_time_weighted_return_is_that_of_a_run_without_flows(make_run: MakeRun, kit: Any, mode: str) -> None:
    """Yield of the pool: a deposit of three times the capital half way changes the profit, not the return."""
    overrides = {} if mode == "pure_lending" else {"exit_route": "dex"}
    run = kit.free_of_cost(make_run(mode, days=10, **overrides))
    index = np.cumprod(np.full(240, 1.0 + 1e-5))
    panel = kit.panel(run, supplied=index, rate=1.05 * index)
    calm = kit.run(run, panel)
    result = kit.run(kit.flows(run, (120, 3.0 * run.initial_capital)), panel)
    # the hour of the deposit counts its P&L over the capital with the deposit: one hour's yield is diluted
    assert result.performance.total_return == pytest.approx(calm.performance.total_return, rel=5e-3)
    first_half = calm.record.nav[120] / run.initial_capital - 1.0
    profit = result.pnl.sum() / run.initial_capital
    assert profit > 2.0 * calm.performance.total_return
    assert profit == pytest.approx(first_half + 4.0 * (calm.performance.total_return - first_half), rel=0.02)


@pytest.mark.parametrize("mode", ["pure_lending", "eth_staking_only", "eth_leveraged"])
def test_a_withdrawal_the_reserve_covers_is_paid_at_once_and_unwinds_nothing(
    make_run: MakeRun, kit: Any, mode: str
) -> None:
    run = make_run(mode, days=3, reserve_ratio=0.1)
    run = kit.flows(run, (30, -0.05 * run.initial_capital))
    result = kit.run(run, kit.panel(run))
    reserve = kit.series(result, f"wallet:BaseToken:{run.share_class.currency}")
    assert reserve[29] == pytest.approx(0.1 * run.initial_capital, rel=0.01)
    assert _paid(kit, result) == [(30, -0.05 * run.initial_capital)]
    assert not [row for row in kit.actions(result) if row[0] == 30 and row[1].startswith("exit")]


@pytest.mark.parametrize("mode", ["pure_lending", "eth_leveraged"])
def test_a_withdrawal_larger_than_the_reserve_unwinds_and_is_paid_in_the_same_step(
    make_run: MakeRun, kit: Any, mode: str
) -> None:
    run = make_run(mode, days=3, reserve_ratio=0.1)
    run = kit.flows(run, (30, -0.4 * run.initial_capital))
    result = kit.run(run, kit.panel(run))
    exits = [row for row in kit.actions(result) if row[1] == "exit_partial"]
    assert [row[0] for row in exits] == [30]
    assert _paid(kit, result) == [(30, -0.4 * run.initial_capital)]


def test_a_slow_withdrawal_waits_for_the_queue_and_holds_up_those_behind_it(make_run: MakeRun, kit: Any) -> None:
    """5 ETH need the queue (120 h); the reserve holds the 1 ETH asked an hour later, but that is not its turn."""
    run = make_run("eth_staking_only", days=9, exit_route="queue", reserve_ratio=0.05)
    run = kit.flows(run, (30, -5.0), (31, -1.0))
    result = kit.run(run, kit.panel(run))
    paid = _paid(kit, result)
    assert [amount for _, amount in paid] == [-5.0, -1.0], "in the order they were asked for"
    assert 150 <= paid[0][0] <= paid[1][0] <= 151
    assert kit.series(result, "wallet:BaseToken:ETH")[35:150].min() > 1.0
    asked = [row["hour"] for row in kit.events(result, "unstake_requested")]
    assert asked[0] == 30


def test_flows_of_one_hour_are_settled_in_their_order(make_run: MakeRun, kit: Any) -> None:
    run = kit.flows(make_run("pure_lending", days=2), (10, 1000.0), (10, -400.0), (10, -300.0))
    result = kit.run(run, kit.panel(run))
    kinds = [(row["event_type"], row["amount"]) for row in kit.events(result, "deposit", "withdrawal")]
    assert kinds == [("deposit", 1000.0), ("withdrawal", -400.0), ("withdrawal", -300.0)]
    assert result.record.net_flows[10] == pytest.approx(300.0)
    assert kit.actions(result) == [(0, "entry_full", "position")], "paid out of the deposit"


def test_a_deposit_below_the_threshold_waits_in_the_wallet(make_run: MakeRun, kit: Any) -> None:
    run = kit.flows(make_run("eth_staking_only", days=2), (10, 0.5), (20, 0.9))
    result = kit.run(run, kit.panel(run))
    assert kit.series(result, "wallet:BaseToken:ETH")[15] == pytest.approx(0.5), "1 % of 50, below 2 %"
    assert kit.actions(result)[-1] == (20, "entry_partial", "position")
    assert kit.series(result, "wallet:BaseToken:ETH")[-1] == pytest.approx(0.0, abs=1e-12)


def test_everything_wanted_back_leaves_in_full(make_run: MakeRun, kit: Any) -> None:
    run = kit.flows(make_run("eth_leveraged", days=2), (20, -49.9))
    result = kit.run(run, kit.panel(run))
    assert kit.actions(result)[-1][:2] == (20, "exit_partial")
    assert _paid(kit, result) == [(20, -49.9)]
    run = make_run("eth_staking_only", days=2, exit_route="dex")
    there = float(kit.run(run, kit.panel(run)).record.nav[19])
    run = kit.flows(run, (20, -there * (1.0 - 1e-9)))
    result = kit.run(run, kit.panel(run))
    assert kit.actions(result)[-1][:2] == (20, "exit_full")


@pytest.mark.parametrize("mode", ["pure_lending", "btc_basis", "eth_staking_only", "usdt_market_neutral"])
def test_more_than_there_is_cannot_be_withdrawn(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = make_run(mode, days=2)
    run = kit.flows(run, (20, -1.1 * run.initial_capital))
    result = kit.run(run, kit.panel(run))
    (refused,) = kit.events(result, "withdrawal")
    assert (refused["hour"], refused["status"], refused["amount"]) == (20, "refused", 0.0)
    assert refused["details"]["asked"] == 1.1 * run.initial_capital
    assert len(kit.actions(result)) == 1, "nothing is unwound for it"


SHARES = st.floats(0.01, 0.45) | st.floats(-0.45, -0.01)


@settings(max_examples=15, phases=[Phase.explicit, Phase.generate, Phase.shrink])
@given(seed=st.integers(0, 10_000), first=SHARES, second=SHARES, at=st.integers(1, 200))
@pytest.mark.parametrize("mode", ["pure_lending", "eth_staking_only", "eth_leveraged"])
def test_random_flows_are_paid_and_reconcile(
    make_run: MakeRun, make_panel: MakePanel, kit: Any, mode: str, seed: int, first: float, second: float, at: int
) -> None:
    run = make_run(mode, days=20)
    run = kit.flows(run, (at, first * run.initial_capital), (at + 60, second * run.initial_capital))
    result = kit.run(run, make_panel(run, seed))
    wanted = [amount * run.initial_capital for amount in (first, second) if amount < 0.0]
    assert [amount for _, amount in _paid(kit, result)] == wanted, "all within the window: the queue takes 5 days"
    exits = [row for row in kit.actions(result) if row[2] == "withdrawal"]
    assert len(exits) <= len(wanted), "one exit each"
    assert result.record.net_flows.sum() == pytest.approx((first + second) * run.initial_capital, abs=1e-6)
