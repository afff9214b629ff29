"""Rewards: discrete payouts on average holdings, priced at the hour's market, dust until it is worth selling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from engine.config import RunConfig
from engine.market import RewardDistribution

MakeRun = Callable[..., RunConfig]
RATE = 1.05
SWAP, UNWRAP = 180_000 * 5e-9, 150_000 * 5e-9
TOKENS = {"base_eigen": ("EIGEN",), "base_eigen_seasonal": ("EIGEN", "ETHFI")}
STAKED = ["eth_staking_only", "eth_leveraged", "usdt_market_neutral_no_leverage", "usdt_market_neutral"]


@pytest.fixture(scope="module")
def rewarded(make_run: MakeRun) -> MakeRun:
    """A run of a mode with rewards; what its other lists must say follows from that."""

    def make(mode: str, rewards_mode: str = "base_eigen", threshold: float = 1e9, **overrides: Any) -> RunConfig:
        plain = make_run(mode, days=12).mode
        needs, tokens = plain.data_requirements, TOKENS[rewards_mode]
        components = plain.component_config.pnl_calculator.components
        return make_run(
            mode,
            days=12,
            rewards_mode=rewards_mode,
            dust_threshold_usd=threshold,
            data_requirements={
                "spot_prices": [*needs.spot_prices, *(f"uniswap:{token}WETH" for token in tokens)],
                "execution_costs": [*needs.execution_costs, *(f"{token}_ETH" for token in tokens)],
                "reward_distributions": list(tokens),
            },
            component_config={
                "pnl_calculator": {"components": [*components, "staking_yield_rewards", "dust_pnl", *(
                    name for name in ("slippage",) if name not in components)]}
            },
            **overrides,
        )  # fmt: skip

    return make


def _distribution(token: str, start: int, end: int, payout: int, rate: float) -> RewardDistribution:
    """Days of March 2025: an earning period of whole days, paid at 00:00 of ``payout``."""
    at = [int(datetime(2025, 3, day, tzinfo=UTC).timestamp()) for day in (start, end, payout)]
    return RewardDistribution(token, *at, rate, "observed")


def test_a_payout_is_the_rate_times_the_average_eeth(rewarded: MakeRun, kit: Any) -> None:
    run = rewarded("eth_staking_only")
    rate = RATE * np.cumprod(np.full(288, 1.0 + 3e-6))
    drops = (_distribution("EIGEN", 2, 5, 7, 0.004),)
    result = kit.checked_hourly(run, kit.panel(run, rate=rate, tokens={"EIGEN": 5e-4}, rewards=drops))
    (event,) = kit.events(result, "reward_received")
    held = (50.0 - 150_000 * 5e-9) / RATE / (1.0 + 3e-6)
    average = held * rate[24:120].mean()
    assert event["hour"] == 144
    assert event["amount"] == pytest.approx(0.004 * average, rel=1e-9)
    assert event["details"]["average_eeth"] == pytest.approx(average, rel=1e-9)
    assert kit.component(result, "staking_yield_rewards")[144] == pytest.approx(0.004 * average * 5e-4, rel=1e-9)
    assert kit.component(result, "staking_yield_rewards").sum() == kit.component(result, "staking_yield_rewards")[144]


def test_hours_before_the_entry_count_as_nothing_held(rewarded: MakeRun, kit: Any) -> None:
    """The period began ten days before the window: 4 of its 14 days were earned."""
    run = rewarded("eth_staking_only")
    february = int(datetime(2025, 2, 19, tzinfo=UTC).timestamp())
    drop = _distribution("EIGEN", 1, 4, 6, 0.01)
    drop = RewardDistribution("EIGEN", february, drop.period_end, drop.payout, 0.01, "observed")
    result = kit.run(run, kit.panel(run, tokens={"EIGEN": 5e-4}, rewards=(drop,)))
    (event,) = kit.events(result, "reward_received")
    assert event["amount"] == pytest.approx(0.01 * (50.0 - 150_000 * 5e-9) * 4.0 / 14.0, rel=1e-9)


def test_the_whole_collateral_of_a_loop_earns(rewarded: MakeRun, kit: Any) -> None:
    run = rewarded("eth_leveraged", target_ltv=0.8)
    drops = (_distribution("EIGEN", 2, 5, 7, 0.004),)
    result = kit.run(run, kit.panel(run, tokens={"EIGEN": 5e-4}, rewards=drops))
    (event,) = kit.events(result, "reward_received")
    assert event["amount"] == pytest.approx(0.004 * (50.0 - 1_360_000 * 5e-9) / 0.2, rel=1e-9)


def test_what_was_sold_in_the_period_counts_while_it_was_held(rewarded: MakeRun, kit: Any) -> None:
    run = kit.flows(rewarded("eth_staking_only", exit_route="dex"), (72, -20.0))
    drops = (_distribution("EIGEN", 2, 5, 7, 0.004),)  # hours 24..119
    result = kit.run(run, kit.panel(run, rate=1.0, tokens={"EIGEN": 5e-4}, rewards=drops))
    (event,) = kit.events(result, "reward_received")
    before, after = kit.series(result, "etherfi:LST:weETH")[[71, 72]]
    assert before - after == pytest.approx(20.0, rel=1e-3)
    assert event["amount"] == pytest.approx(0.004 * (before + after) / 2.0, rel=1e-9)


@pytest.mark.parametrize("mode", STAKED)
def test_dust_moves_with_its_price_until_it_is_sold_above_the_threshold(rewarded: MakeRun, kit: Any, mode: str) -> None:
    """1.5 ETH of EIGEN arrive; the price doubles at hour 200, past a threshold of 6,000 USD."""
    run = rewarded(mode, threshold=6000.0, position_deviation_threshold=0.5)
    numeraire = 3000.0 if run.share_class.currency == "USDT" else 1.0
    price = np.where(np.arange(288) >= 200, 1e-3, 5e-4)
    calm = kit.run(run, kit.panel(run, tokens={"EIGEN": price}))
    staked = kit.series(calm, "etherfi:LST:weETH")[30] * RATE
    if run.mode.borrowing_enabled:
        staked += kit.series(calm, "aave_v3:aToken:aweETH")[30] * RATE
    drops = (_distribution("EIGEN", 2, 5, 7, float(3000.0 / staked)),)
    result = kit.checked_hourly(run, kit.panel(run, tokens={"EIGEN": price}, rewards=drops, bps=20.0))
    assert kit.component(result, "staking_yield_rewards")[144] == pytest.approx(1.5 * numeraire, rel=1e-6)
    assert kit.component(result, "dust_pnl")[200] == pytest.approx(1.5 * numeraire, rel=1e-6)
    assert [hour for hour, action, _ in kit.actions(result) if action == "sell_dust"] == [200]
    assert kit.series(result, "wallet:BaseToken:EIGEN")[200] == 0.0
    assert kit.series(result, "wallet:BaseToken:EIGEN")[199] == pytest.approx(3000.0, rel=1e-6)


def test_both_tokens_are_sold_with_gas_and_slippage(rewarded: MakeRun, kit: Any) -> None:
    run = rewarded("eth_staking_only", "base_eigen_seasonal", threshold=100.0)
    drops = (_distribution("EIGEN", 2, 5, 7, 10.0), _distribution("ETHFI", 2, 5, 7, 4.0))
    prices = {"EIGEN": 5e-4, "ETHFI": 4e-4}
    result = kit.run(run, kit.panel(run, tokens=prices, rewards=drops, bps=20.0))
    held = 50.0 - 150_000 * 5e-9
    worth = held * (10.0 * 5e-4 + 4.0 * 4e-4)
    assert [row for row in kit.actions(result) if row[1] == "sell_dust"] == [(144, "sell_dust", "position")]
    assert [row["token"] for row in kit.events(result, "swap")] == ["EIGEN", "ETHFI"]
    assert kit.component(result, "slippage")[144] == pytest.approx(-worth * 20e-4, rel=1e-9)
    assert kit.component(result, "gas")[144] == pytest.approx(-(2 * SWAP + UNWRAP), rel=1e-9)
    assert kit.series(result, "wallet:BaseToken:EIGEN")[-1] == 0.0
    assert kit.series(result, "wallet:BaseToken:ETHFI")[-1] == 0.0
    assert result.final_nav == pytest.approx(held + worth * (1.0 - 20e-4) - 2 * SWAP - UNWRAP, rel=1e-9)


def test_base_eigen_takes_no_ethfi(rewarded: MakeRun, kit: Any) -> None:
    run = rewarded("eth_staking_only")
    drops = (_distribution("ETHFI", 2, 5, 7, 4.0),)
    result = kit.run(run, kit.panel(run, tokens={"EIGEN": 5e-4}, rewards=drops))
    assert not kit.events(result, "reward_received")


def test_a_sale_that_would_not_pay_its_gas_waits(rewarded: MakeRun, kit: Any) -> None:
    """At 2,000 gwei the two transactions cost 0.66 ETH; 0.25 ETH of dust are worth more than the threshold of 1 USD."""
    run = rewarded("eth_staking_only", threshold=1.0)
    drops = (_distribution("EIGEN", 2, 5, 7, 10.0),)
    gwei = np.where((np.arange(288) >= 140) & (np.arange(288) < 180), 2000.0, 5.0)
    result = kit.checked_hourly(run, kit.panel(run, tokens={"EIGEN": 5e-4}, rewards=drops, gwei=gwei))
    assert [hour for hour, action, _ in kit.actions(result) if action == "sell_dust"] == [180]


def test_leaving_at_the_end_sells_the_dust_as_well(rewarded: MakeRun, kit: Any) -> None:
    run = kit.closing(rewarded("eth_staking_only"))
    drops = (_distribution("EIGEN", 2, 5, 7, 10.0),)
    result = kit.run(run, kit.panel(run, tokens={"EIGEN": 5e-4}, rewards=drops))
    assert kit.actions(result)[-1] == (287, "exit_full", "position")
    assert kit.series(result, "wallet:BaseToken:EIGEN")[-1] == 0.0
