"""The five actions, each forced in every mode that has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from engine.config import RunConfig
from engine.engine import EventEngine
from engine.market import RewardDistribution

MakeRun = Callable[..., RunConfig]
MODES = (
    "pure_lending",
    "btc_basis",
    "eth_basis",
    "eth_staking_only",
    "eth_leveraged",
    "usdt_market_neutral_no_leverage",
    "usdt_market_neutral",
)
STAKED = MODES[3:]
INVESTED = {
    "pure_lending": "aave_v3:aToken:aUSDT",
    "btc_basis": "binance:BaseToken:BTC",
    "eth_basis": "binance:BaseToken:ETH",
    "eth_staking_only": "etherfi:LST:weETH",
    "eth_leveraged": "aave_v3:aToken:aweETH",
    "usdt_market_neutral_no_leverage": "etherfi:LST:weETH",
    "usdt_market_neutral": "aave_v3:aToken:aweETH",
}
"""The account that shows whether a mode went in or out."""


def _actions_at(kit: Any, result: Any, hour: int) -> list[str]:
    return [action for when, action, _ in kit.actions(result) if when == hour]


@pytest.mark.parametrize("mode", MODES)
def test_entry_full_at_the_first_hour(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = make_run(mode, days=2)
    result = kit.run(run, kit.panel(run))
    assert kit.actions(result)[0] == (0, "entry_full", "position")
    assert kit.series(result, INVESTED[mode])[12] > 0.0


@pytest.mark.parametrize("mode", MODES)
def test_entry_partial_on_a_deposit(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = make_run(mode, days=2)
    run = kit.flows(run, (20, 0.6 * run.initial_capital))
    result = kit.run(run, kit.panel(run))
    later = [action for hour, action, _ in kit.actions(result) if hour >= 20]
    assert later[0] == "entry_partial"
    assert "entry_full" not in later
    held = kit.series(result, INVESTED[mode])
    assert held[-1] / held[19] == pytest.approx(1.6, rel=5e-3)


@pytest.mark.parametrize("mode", MODES)
def test_exit_partial_on_a_withdrawal(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = make_run(mode, days=9)
    run = kit.flows(run, (20, -0.4 * run.initial_capital))
    result = kit.run(run, kit.panel(run))
    assert _actions_at(kit, result, 20) == ["exit_partial"]
    held = kit.series(result, INVESTED[mode])
    assert held[-1] / held[19] == pytest.approx(0.6, rel=0.02)


@pytest.mark.parametrize("mode", MODES)
def test_exit_full_at_the_end(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = kit.closing(make_run(mode, days=2))
    result = kit.run(run, kit.panel(run, bps=2.0))
    assert kit.actions(result)[-1] == (47, "exit_full", "position")
    assert kit.series(result, INVESTED[mode])[-1] == 0.0
    for key in result.ledger.keys:
        if key.type == "Perp":
            assert result.ledger.quantity(key) == 0.0


@pytest.mark.parametrize("mode", MODES)
def test_standing_down_in_the_middle_is_an_exit_in_full_and_for_good(make_run: MakeRun, kit: Any, mode: str) -> None:
    """What a liquidation with ``stand_down`` asks for, in modes that cannot be liquidated too."""
    run = make_run(mode, days=2)
    engine = EventEngine(run, kit.panel(run, bps=2.0))
    stepped = engine._advance

    def advance(start: int, stop: int) -> int | None:
        if start > 10:
            engine._c.strategy_manager.stand_down()
        return stepped(start, stop)

    engine._advance = advance  # type: ignore[method-assign]
    result = engine.run()
    kit.check(result)
    actions = [action for _, action, _ in kit.actions(result)]
    assert actions.count("exit_full") >= 1
    assert actions[-1] == "exit_full"
    assert kit.series(result, INVESTED[mode])[-1] == 0.0


@pytest.mark.parametrize("mode", ["btc_basis", "eth_basis", "usdt_market_neutral_no_leverage", "usdt_market_neutral"])
@pytest.mark.parametrize(("factor", "action"), [(1.15, "exit_partial"), (0.80, "entry_partial")])
def test_a_price_move_shifts_between_the_long_leg_and_margin(
    make_run: MakeRun, kit: Any, mode: str, factor: float, action: str
) -> None:
    """Up: the long leg is worth too much and margin too little; down the other way round.  Units tell which."""
    run = make_run(mode, days=3)
    price = 3000.0 * np.where(np.arange(72) >= 20, factor, 1.0)
    result = kit.run(run, kit.panel(run, price=price))
    assert _actions_at(kit, result, 20) == [action]
    share = run.mode.allocation["spot" if mode.endswith("basis") else "stake"]
    units = [-sum(kit.series(result, f"{venue}:Perp:{run.mode.perp_symbol}")[hour] for venue in run.mode.hedge_venues)
             for hour in (19, -1)]  # fmt: skip
    # share · E of a NAV that did not move, at the new price
    assert units[1] / units[0] == pytest.approx(1.0 / factor, rel=6e-3)
    worth = units[1] * price[-1] * (20.0 if run.mode.asset == "BTC" else 1.0)
    assert worth / result.final_nav == pytest.approx(share, rel=6e-3)


@pytest.mark.parametrize("mode", STAKED)
@pytest.mark.parametrize(("rewards_mode", "tokens"), [("base_eigen", 1), ("base_eigen_seasonal", 2)])
def test_sell_dust_after_a_payout(make_run: MakeRun, kit: Any, mode: str, rewards_mode: str, tokens: int) -> None:
    plain = make_run(mode, days=6).mode
    names = ("EIGEN", "ETHFI")[:tokens]
    run = make_run(
        mode,
        days=6,
        rewards_mode=rewards_mode,
        dust_threshold_usd=50.0,
        data_requirements={
            "spot_prices": [*plain.data_requirements.spot_prices, *(f"uniswap:{name}WETH" for name in names)],
            "execution_costs": [*plain.data_requirements.execution_costs, *(f"{name}_ETH" for name in names)],
            "reward_distributions": list(names),
        },
        component_config={
            "pnl_calculator": {
                "components": [
                    *plain.component_config.pnl_calculator.components, "staking_yield_rewards", "dust_pnl",
                ]
            }
        },
    )  # fmt: skip
    start, end, payout = (int(datetime(2025, 3, day, tzinfo=UTC).timestamp()) for day in (2, 3, 5))
    drops = tuple(RewardDistribution(name, start, end, payout, 5.0, "observed") for name in names)
    result = kit.run(run, kit.panel(run, tokens={"EIGEN": 5e-4, "ETHFI": 4e-4}, rewards=drops))
    assert _actions_at(kit, result, 96) == ["sell_dust"]
    assert [row["token"] for row in kit.events(result, "swap") if row["hour"] == 96] == list(names)
    for name in names:
        assert kit.series(result, f"wallet:BaseToken:{name}")[96] == 0.0


def test_no_mode_acts_twice_in_an_hour(make_run: MakeRun, kit: Any) -> None:
    for mode in MODES:
        run = make_run(mode, days=3)
        run = kit.flows(run, (20, 0.5 * run.initial_capital), (20, -0.2 * run.initial_capital))
        hours = [hour for hour, _, _ in kit.actions(kit.run(run, kit.panel(run)))]
        assert len(hours) == len(set(hours)), mode
