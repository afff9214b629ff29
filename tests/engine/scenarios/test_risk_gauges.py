"""Risk measures by hand: their values, their levels, and what passing a level does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.config import RunConfig

MakeRun = Callable[..., RunConfig]


def test_margin_ratios_are_equity_over_notional_and_over_tiered_maintenance(make_run: MakeRun, kit: Any) -> None:
    """Binance holds 40 % of a 700,000 USD short: 280,000 in the 0.5 % tier, deduction 50,000 · 0.001 = 50."""
    run = kit.free_of_cost(make_run("eth_basis", days=1, capital=1_000_000.0, position_deviation_threshold=0.9))
    price = np.where(np.arange(24) >= 6, 3300.0, 3000.0)
    result = kit.run(run, kit.panel(run, price=price))
    ratios, maintenance = (kit.metric(result, name, "binance") for name in ("margin_ratio", "maintenance_ratio"))
    assert ratios[3] == pytest.approx(120_000.0 / 280_000.0, rel=1e-9)
    assert maintenance[3] == pytest.approx(120_000.0 / (280_000.0 * 0.005 - 50.0), rel=1e-9)
    assert ratios[8] == pytest.approx(92_000.0 / 308_000.0, rel=1e-9), "28,000 lost on the short, notional up by 10 %"
    assert maintenance[8] == pytest.approx(92_000.0 / (308_000.0 * 0.005 - 50.0), rel=1e-9)


def test_the_two_deltas_add_up_and_cancel(make_run: MakeRun, kit: Any) -> None:
    run = make_run("usdt_market_neutral", days=1)
    result = kit.run(run, kit.panel(run))
    net, onchain, exchange, value = result.record.exposure[result.record.assets.index("ETH")]
    assert net == pytest.approx(onchain + exchange, abs=1e-12)
    assert onchain[5] == pytest.approx(0.7 * 100_000.0 / 3000.0, rel=1e-3), "collateral less debt, not the collateral"
    assert exchange[5] == pytest.approx(-0.7 * 100_000.0 / 3000.0, rel=1e-3)
    assert value == pytest.approx(net * 3000.0, rel=1e-12)
    assert (kit.metric(result, "delta") == np.abs(value) / result.record.nav).all()


@pytest.mark.parametrize("mode", ["eth_leveraged", "usdt_market_neutral"])
def test_health_and_ltv_are_those_of_the_balances(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = make_run(mode, days=2, position_deviation_threshold=0.9)
    rate, borrowed = 1.05 * np.linspace(1.0, 1.004, 48), np.linspace(1.0, 1.006, 48)
    supplied = np.linspace(1.0, 1.0005, 48)
    result = kit.run(run, kit.panel(run, rate=rate, borrowed=borrowed, supplied=supplied))
    collateral = kit.series(result, "aave_v3:aToken:aweETH") * supplied * rate
    debt = kit.series(result, "aave_v3:debtToken:variableDebtWETH") * borrowed
    assert kit.metric(result, "ltv") == pytest.approx(debt / collateral, rel=1e-12)
    assert kit.metric(result, "health_factor") == pytest.approx(0.95 * collateral / debt, rel=1e-12)
    assert result.summary()["max_ltv"] == pytest.approx((debt / collateral).max(), rel=1e-12)


def test_every_crossing_is_an_event_once_on_the_way_in_and_once_on_the_way_out(make_run: MakeRun, kit: Any) -> None:
    run = make_run("eth_staking_only", days=2)
    peg = np.ones(48)
    peg[10:20], peg[20:30] = 0.985, 0.975
    result = kit.checked_hourly(run, kit.panel(run, peg=peg))
    assert [row["hour"] for row in kit.events(result, "risk_breach")] == [10, 20, 30]
    assert [result.risk_metrics()["state"][hour] for hour in (5, 15, 25, 35)] == ["ok", "warning", "critical", "ok"]
    assert kit.actions(result) == [(0, "entry_full", "position")]


@pytest.mark.parametrize("mode", ["btc_basis", "eth_basis", "usdt_market_neutral_no_leverage", "usdt_market_neutral"])
def test_a_risk_action_only_reduces(make_run: MakeRun, kit: Any, mode: str) -> None:
    """Hour by hour rises that pass the margin level: no risk decision makes a position larger."""
    run = make_run(mode, days=3, position_deviation_threshold=0.9)
    price = 3000.0 * 1.012 ** np.clip(np.arange(72) - 10, 0, 50)
    result = kit.run(run, kit.panel(run, price=price, bps=3.0))
    risky = [row for row in kit.actions(result) if row[2] == "risk"]
    assert risky
    for hour, action, _ in risky:
        assert action == "exit_partial"
        for venue in run.mode.hedge_venues:
            size = kit.series(result, f"{venue}:Perp:{run.mode.perp_symbol}")
            assert abs(size[hour]) <= abs(size[hour - 1]) + 1e-12
    assert not kit.events(result, "liquidation")
