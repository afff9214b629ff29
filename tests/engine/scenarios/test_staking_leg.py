"""Leaving a liquid staking token: queue or DEX by the written rule, delays honoured, both rates kept apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.config import RunConfig
from engine.errors import BasisError

MakeRun = Callable[..., RunConfig]
RATE = 1.05
STAKED = ["eth_staking_only", "eth_leveraged", "usdt_market_neutral_no_leverage", "usdt_market_neutral"]
REDEEM, SWAP, CREATE = (units * 5e-9 for units in (200_000, 180_000, 150_000))


def _wsteth(make_run: MakeRun, mode: str, days: int, **overrides: Any) -> RunConfig:
    base = make_run(mode, days=days)
    venues = ["lido" if venue == "etherfi" else venue for venue in base.mode.venues]
    needs = base.mode.data_requirements
    return make_run(
        mode,
        days=days,
        lst_type="wsteth",
        venues=venues,
        data_requirements={
            "lst_rates": ["wstETH"],
            "aave_reserves": ["wstETH" if asset == "weETH" else asset for asset in needs.aave_reserves],
            "execution_costs": [pair.replace("weETH", "wstETH") for pair in needs.execution_costs],
        },
        **overrides,
    )


@pytest.mark.parametrize("delay", [9 * 24, 120, 1])
def test_the_queue_pays_the_oracle_rate_of_the_request_after_the_delay(make_run: MakeRun, kit: Any, delay: int) -> None:
    run = kit.flows(make_run("eth_staking_only", days=20, exit_route="queue"), (30, -5.0))
    run = kit.changed(run, {"unstaking_delay_hours": float(delay)}, "etherfi")
    rate = RATE * np.cumprod(np.full(480, 1.0 + 2e-6))
    result = kit.checked_hourly(run, kit.panel(run, rate=rate, peg=0.99, bps=5.0))
    (asked,) = kit.events(result, "unstake_requested")
    (claimed,) = kit.events(result, "unstake_claimed")
    assert (asked["hour"], claimed["hour"]) == (30, 30 + delay)
    assert claimed["amount"] == pytest.approx(-asked["amount"] * rate[30], rel=1e-12), "no yield while it waits"
    assert [(row["hour"], row["amount"]) for row in kit.events(result, "withdrawal")] == [(30 + delay, -5.0)]
    pending = kit.series(result, "etherfi:BaseToken:ETH")
    assert (pending[30 : 30 + delay] == claimed["amount"]).all()
    assert pending[30 + delay] == 0.0
    assert result.record.net_flows[30 + delay] == -5.0


def test_a_claim_that_comes_after_the_window_stays_an_asset(make_run: MakeRun, kit: Any) -> None:
    run = kit.flows(make_run("eth_staking_only", days=2, exit_route="queue"), (30, -5.0))
    result = kit.run(run, kit.panel(run, rate=RATE))
    assert kit.series(result, "etherfi:BaseToken:ETH")[-1] >= 5.0
    assert result.record.net_flows.sum() == 0.0
    assert not kit.events(result, "withdrawal")


def test_gas_for_the_queue_is_raised_on_the_dex_when_the_wallet_is_empty(make_run: MakeRun, kit: Any) -> None:
    run = kit.flows(make_run("eth_staking_only", days=8, exit_route="queue"), (30, -5.0))
    result = kit.run(run, kit.panel(run, rate=RATE, peg=0.99, bps=5.0))
    (swap,) = kit.events(result, "swap")
    assert swap["details"]["eth_received"] == pytest.approx(SWAP + REDEEM, rel=1e-6)
    gas = [row["details"]["operation"] for row in kit.events(result, "gas_paid")]
    assert gas == ["CREATE_LST", "TOKEN_SWAP", "REDEEM_LST"]
    sold = (SWAP + REDEEM) / (0.99 * (1.0 - 5e-4))
    assert kit.component(result, "slippage").sum() == pytest.approx(-(sold - SWAP - REDEEM), rel=1e-6)


@pytest.mark.parametrize(
    ("hourly", "peg", "bps", "delay", "route"),
    [
        # 5 ETH wait 120 h at 3e-6/h: 0.0018 forgone (+ gas of a swap and a redemption) against 1 % on the DEX: 0.05
        (3e-6, 0.99, 0.0, 120, "queue"),
        # against 2 bp on the DEX: 0.001
        (3e-6, 1.0, 2.0, 120, "dex"),
        # 45 days at 2e-5/h cost 0.108, more than the discount
        (2e-5, 0.99, 0.0, 45 * 24, "dex"),
        # no yield to forgo: gas decides, and a redemption with its swap costs more than a swap
        (0.0, 1.0, 0.0, 120, "dex"),
        # 10 bp of 5 ETH are 0.005, more than 0.0018 and the redemption's gas of 0.001
        (3e-6, 1.0, 10.0, 120, "queue"),
        # 5 bp of 5 ETH are 0.0025, less than 0.0018 + 0.001
        (3e-6, 1.0, 5.0, 120, "dex"),
    ],
)
def test_the_rule_weighs_cost_against_time(
    make_run: MakeRun, kit: Any, hourly: float, peg: float, bps: float, delay: int, route: str
) -> None:
    run = kit.flows(make_run("eth_staking_only", days=3, exit_route="cheapest"), (60, -5.0))
    run = kit.changed(run, {"unstaking_delay_hours": float(delay)}, "etherfi")
    rate = RATE * np.cumprod(np.full(72, 1.0 + hourly))
    result = kit.run(run, kit.panel(run, rate=rate, peg=peg, bps=bps))
    asked = bool(kit.events(result, "unstake_requested"))
    assert asked is (route == "queue")
    if route == "dex":
        assert [(row["hour"], row["amount"]) for row in kit.events(result, "withdrawal")] == [(60, -5.0)]


def test_a_withdrawal_through_the_dex_is_paid_once_and_whole(make_run: MakeRun, kit: Any) -> None:
    """The sale has to yield the withdrawal and its own gas: one exit, not one an hour."""
    run = kit.flows(make_run("eth_staking_only", days=3, exit_route="dex"), (30, -5.0))
    result = kit.run(run, kit.panel(run, rate=RATE, peg=0.995, bps=8.0))
    assert kit.actions(result) == [(0, "entry_full", "position"), (30, "exit_partial", "withdrawal")]
    assert [(row["hour"], row["amount"]) for row in kit.events(result, "withdrawal")] == [(30, -5.0)]
    (swap,) = kit.events(result, "swap")
    assert swap["details"]["eth_received"] == pytest.approx(5.0 + max(SWAP, REDEEM), rel=1e-8)
    lost = (5.0 + max(SWAP, REDEEM)) * (1.0 / (0.995 * (1.0 - 8e-4)) - 1.0)
    assert result.final_nav == pytest.approx(45.0 - CREATE - SWAP - lost, rel=1e-9)


@pytest.mark.parametrize("mode", ["eth_staking_only", "usdt_market_neutral_no_leverage"])
def test_risk_and_closing_never_wait(make_run: MakeRun, kit: Any, mode: str) -> None:
    """Both ask for the queue; leaving at the end goes through the DEX all the same."""
    run = kit.closing(make_run(mode, days=2, exit_route="queue"))
    result = kit.run(run, kit.panel(run, rate=RATE))
    assert not kit.events(result, "unstake_requested")
    assert kit.series(result, "etherfi:LST:weETH")[-1] == 0.0
    assert [row["hour"] for row in kit.events(result, "swap")] == [47]


def test_margin_in_danger_leaves_through_the_dex(make_run: MakeRun, kit: Any) -> None:
    """ETH +25 % in an hour takes the margin ratio from 0.43 to 0.14: a risk exit, whatever the route of the mode."""
    run = make_run("usdt_market_neutral_no_leverage", days=2, exit_route="queue")
    price = np.where(np.arange(48) >= 20, 3750.0, 3000.0)
    result = kit.run(run, kit.panel(run, price=price, rate=RATE))
    assert (20, "exit_partial", "risk") in kit.actions(result)
    assert next(row["hour"] for row in kit.events(result, "swap")) == 20
    assert not [row for row in kit.events(result, "unstake_requested") if row["hour"] == 20]


def test_the_market_rate_moves_the_exit_and_the_peg_but_not_the_health_factor(make_run: MakeRun, kit: Any) -> None:
    run = kit.closing(make_run("eth_leveraged", days=1))
    peg = np.where(np.arange(24) >= 10, 0.985, 1.0)
    result = kit.run(run, kit.panel(run, peg=peg))
    assert np.ptp(kit.metric(result, "health_factor")[:-1]) < 1e-12
    assert kit.metric(result, "peg")[10] == pytest.approx(0.985)
    assert [row["reason"][:3] for row in kit.events(result, "risk_breach")][:1] == ["peg"]
    assert kit.actions(result) == [(0, "entry_full", "position"), (23, "exit_full", "position")], "a peg only warns"
    equity = 50.0 - 1_360_000 * 5e-9
    assert result.final_nav == pytest.approx(equity - equity / 0.12 * 0.015 - 850_000 * 5e-9, rel=1e-9)


@pytest.mark.parametrize(
    "mode", ["eth_staking_only", "usdt_market_neutral_no_leverage", "eth_leveraged", "usdt_market_neutral"]
)
def test_valued_at_the_market_the_discount_is_lost_at_entry_and_explained(
    make_run: MakeRun, kit: Any, mode: str
) -> None:
    """A discount that closes later is staking yield at the market rate; both sides of the P&L still meet."""
    calm = {"delta_tolerance": 0.5} if "usdt" in mode else {}
    run = make_run(mode, days=2, valuation="market", position_deviation_threshold=0.5, **calm)
    peg = np.where(np.arange(48) >= 24, 1.0, 0.998)
    result = kit.run(run, kit.panel(run, peg=peg, rate=RATE))
    minted = -kit.events(result, "stake")[0]["amount"] * (3000.0 if run.share_class.currency == "USDT" else 1.0)
    assert kit.component(result, "slippage")[0] == pytest.approx(-0.002 * minted, rel=1e-9)
    assert kit.component(result, "staking_yield_oracle")[24] == pytest.approx(0.002 * minted, rel=1e-9)
    at_oracle = kit.run(
        make_run(mode, days=2, position_deviation_threshold=0.5, **calm), kit.panel(run, peg=peg, rate=RATE)
    )
    assert result.record.nav[0] == pytest.approx(at_oracle.record.nav[0] - 0.002 * minted, rel=1e-9)
    assert result.record.nav[-1] == pytest.approx(at_oracle.record.nav[-1], rel=1e-9)


def test_valued_at_the_market_a_request_gets_the_discount_back(make_run: MakeRun, kit: Any) -> None:
    run = kit.flows(make_run("eth_staking_only", days=8, exit_route="queue", valuation="market"), (30, -5.0))
    result = kit.run(run, kit.panel(run, peg=0.99, rate=RATE, bps=0.0))
    asked = -kit.events(result, "unstake_requested")[0]["amount"]
    assert kit.component(result, "slippage")[30] == pytest.approx(asked * RATE * 0.01, rel=1e-9)


@pytest.mark.parametrize(
    "mode", ["eth_staking_only", "eth_leveraged", "usdt_market_neutral_no_leverage", "usdt_market_neutral"]
)
def test_wsteth_goes_through_lido(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = kit.closing(_wsteth(make_run, mode, days=2))
    result = kit.run(run, kit.panel(run, rate=1.2, bps=2.0))
    assert {row["venue"] for row in kit.events(result, "stake")} == {"lido"}
    assert kit.series(result, "lido:LST:wstETH")[-1] == 0.0
    staked = sum(-row["amount"] for row in kit.events(result, "stake"))
    minted = sum(row["details"]["minted"] for row in kit.events(result, "stake"))
    assert minted == pytest.approx(staked / 1.2, rel=1e-12)


@pytest.mark.parametrize("rewards_mode", ["base_eigen", "base_eigen_seasonal"])
def test_wsteth_refuses_ether_fi_rewards(make_run: MakeRun, rewards_mode: str) -> None:
    with pytest.raises(BasisError, match="CFG-002") as refusal:
        _wsteth(make_run, "eth_staking_only", 2, rewards_mode=rewards_mode, dust_threshold_usd=50.0)
    assert "wsteth" in str(refusal.value)
