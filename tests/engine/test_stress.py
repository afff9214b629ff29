"""Stress scenarios: each shock is its equation, leaves the past alone, and every shocked run reconciles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from engine.config import RunConfig
from engine.engine import run_backtest
from engine.errors import BasisError
from engine.market import MarketPanel
from engine.maths.aave_v3 import borrow_growth, rules_at
from engine.results import RESIDUAL_TOLERANCE
from engine.stress import Case, Scenario, StressRow, scenarios, shocks, stress, table

MODES = (
    "pure_lending",
    "btc_basis",
    "eth_basis",
    "eth_staking_only",
    "eth_leveraged",
    "usdt_market_neutral_no_leverage",
    "usdt_market_neutral",
)
AT = 240

MakeRun = Callable[..., RunConfig]
MakePanel = Callable[..., MarketPanel]


def rows(run: RunConfig, panel: MarketPanel, at: int = AT) -> dict[str, StressRow]:
    return {row.scenario: row for row in stress(run, panel, at).rows if row.scenario != "none"}


def series(panel: MarketPanel) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in fields(panel):
        value = getattr(panel, item.name)
        if isinstance(value, np.ndarray):
            found[item.name] = value
        elif isinstance(value, dict):
            found |= {f"{item.name}.{key}": array for key, array in value.items() if isinstance(array, np.ndarray)}
    return found


@pytest.mark.parametrize("mode", MODES)
def test_every_scenario_runs_reconciles_and_says_what_it_did(
    make_run: MakeRun, make_panel: MakePanel, mode: str
) -> None:
    run = make_run(mode, days=30)
    result = stress(run, make_panel(run, 3, 0.003), AT)
    assert result.start == "2025-03-11T00:00Z"
    for row in result.rows:
        assert row.verdict in ("survived", "not exposed"), row
        assert row.equation
        if row.outcome is None:
            assert row.verdict == "not exposed" and row.note
        else:
            assert row.outcome.residual <= RESIDUAL_TOLERANCE


@pytest.mark.parametrize("mode", MODES)
def test_no_scenario_touches_an_hour_before_its_own(make_run: MakeRun, make_panel: MakePanel, mode: str) -> None:
    run = make_run(mode, days=20)
    panel = make_panel(run, 3)
    before = series(panel)
    kept = {name: array.copy() for name, array in before.items()}
    for scenario in scenarios(run):
        if scenario.not_exposed is not None:
            continue
        after = series(scenario.apply(Case.of(run, panel), AT).panel)
        for name, array in before.items():
            assert np.array_equal(after[name][:AT], array[:AT], equal_nan=True), (scenario.name, name)
    assert all(np.array_equal(kept[name], array, equal_nan=True) for name, array in series(panel).items())


def test_only_what_concerns_a_mode_is_run(make_run: MakeRun) -> None:
    def exposed(mode: str, **overrides: Any) -> set[str]:
        found = [scenario for scenario in scenarios(make_run(mode, **overrides)) if scenario.not_exposed is None]
        return {scenario.name.split()[0] for scenario in found}

    assert exposed("pure_lending") == {"gas", "USDT"}
    assert exposed("btc_basis") == {"ETH", "funding", "gas", "binance", "bybit", "okx", "USDT"}
    assert exposed("eth_staking_only") == {"ETH", "LST", "gas", "unstaking"}
    assert exposed("eth_leveraged") == {"ETH", "LST", "borrow", "gas"}
    hedged = {"ETH", "LST", "funding", "gas", "binance", "bybit", "okx", "USDT"}
    assert exposed("usdt_market_neutral_no_leverage") == hedged
    assert exposed("usdt_market_neutral_no_leverage", exit_route="queue") == hedged | {"unstaking"}
    assert exposed("usdt_market_neutral") == hedged | {"borrow"}


def test_prices_move_geometrically_and_stay(make_run: MakeRun, make_panel: MakePanel) -> None:
    panel = make_panel(make_run("btc_basis"), 1)
    moved = shocks.price_move(panel, AT, 0.5, 168)
    for before, after in ((panel.spot, moved.spot), (panel.perp, moved.perp)):
        for name, series in before.items():
            ratio = after[name] / series
            assert ratio[AT] == 1.0
            assert ratio[AT + 84] == pytest.approx(1.5**0.5)
            assert ratio[AT + 168 :] == pytest.approx(1.5)


def test_the_borrow_index_compounds_hour_by_hour_at_the_added_rate(make_run: MakeRun, make_panel: MakePanel) -> None:
    panel = make_panel(make_run("eth_leveraged"), 1)
    shocked = shocks.dearer_borrowing(panel, AT, 0.20, 168).borrow_index["WETH"]
    index = panel.borrow_index["WETH"]
    rules = rules_at(datetime.fromtimestamp(int(panel.hours[0]), UTC).date())
    expected = index.copy()
    for hour in range(1, len(index)):
        rate = np.log(index[hour] / index[hour - 1]) * 8760.0
        added = 0.20 if AT < hour <= AT + 168 else 0.0
        expected[hour] = expected[hour - 1] * float(borrow_growth(rules, rate + added, 3600.0))
    assert shocked == pytest.approx(expected, rel=1e-12)
    assert shocked[-1] / index[-1] == pytest.approx(np.exp(0.20 * 168 / 8760), rel=1e-14)


def test_funding_pays_by_the_hours_since_the_last_settlement(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis", days=60)
    panel = make_panel(run, 1)
    rates = panel.funding["bybit:BTCUSDT"].copy()
    rates[AT + 4] = 1e-4  # one settlement after four hours, and four hours later the next
    shocked = shocks.funding_rate(replace(panel, funding={"bybit:BTCUSDT": rates}), AT, -5e-4, 720)
    after = shocked.funding["bybit:BTCUSDT"]
    assert after[[AT + 4, AT + 8]].tolist() == [-2.5e-4, -2.5e-4]
    settled = ~np.isnan(after)
    assert np.array_equal(settled, ~np.isnan(rates))
    later = np.arange(len(after)) > AT + 8
    inside = np.arange(len(after)) <= AT + 720
    assert (after[settled & later & inside] == -5e-4).all()
    assert np.array_equal(after[~inside], rates[~inside], equal_nan=True)
    assert after[AT] == rates[AT], "the settlement of the hour itself was known before"


def test_a_discount_costs_the_exit_and_not_the_health_factor(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("eth_leveraged", days=30)
    result = stress(run, make_panel(run, 3), AT)
    closed = next(row for row in result.rows if row.scenario == "none" and row.reference == "closed at the end")
    found = {row.scenario: row for row in result.rows}
    effects = []
    for points in (50, 140, 300):
        row = found[f"LST {points} bp under its rate"]
        assert row.reference == closed.reference
        assert row.outcome.min_health_factor == closed.outcome.min_health_factor
        effects.append(row.effect_share)
    assert 0.0 > effects[0] > effects[1] > effects[2]
    assert effects[2] - effects[1] == pytest.approx(-0.0160 / (1.0 - 0.88), rel=0.02), (
        "the discount on assets, on equity"
    )


def test_a_depeg_takes_its_share_of_everything_counted_in_usdt(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("pure_lending", days=30)
    row = rows(run, make_panel(run, 3))["USDT at 0.97 USD"]
    assert row.effect_share == pytest.approx(-0.03, abs=1e-5)
    assert row.outcome.worst_drawdown == pytest.approx(-0.03, abs=1e-4)


@pytest.mark.parametrize(("route", "days", "hours"), [("queue", 9, 216), ("queue", 45, None), ("cheapest", 45, 0)])
def test_a_longer_queue_makes_a_withdrawal_wait(
    make_run: MakeRun, make_panel: MakePanel, route: str, days: int, hours: int | None
) -> None:
    run = make_run("eth_staking_only", days=30, exit_route=route)
    row = rows(run, make_panel(run, 3))[f"unstaking queue of {days} days"]
    assert row.outcome.waited == hours
    assert "paid after 120 h in the reference" in row.note


def test_a_refused_run_is_a_row_with_its_code(
    make_run: MakeRun, make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("pure_lending", days=30)
    panel = make_panel(run, 3)

    def refuse(asked: RunConfig, market: MarketPanel) -> Any:
        if market.gas_price_gwei[-1] != panel.gas_price_gwei[-1]:
            raise BasisError("EDS-003", "NAV is -1.00")
        return run_backtest(asked, market)

    monkeypatch.setattr(table, "run_backtest", refuse)
    row = rows(run, panel)["gas × 20 from then on"]
    assert (row.verdict, row.note, row.outcome, row.effect) == ("EDS-003", "NAV is -1.00", None, None)


def test_a_residual_stops_the_test(make_run: MakeRun, make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run("pure_lending", days=30)
    monkeypatch.setattr(table, "RESIDUAL_TOLERANCE", -1.0)
    with pytest.raises(BasisError, match="PNL-001"):
        stress(run, make_panel(run, 3), AT)


def test_the_shock_starts_in_the_middle_or_at_an_hour_of_the_window(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("pure_lending", days=30)
    panel = make_panel(run, 3)
    assert stress(run, panel).at == 360
    for outside in (0, -1, len(panel)):
        with pytest.raises(BasisError, match="CFG-007"):
            stress(run, panel, outside)


def test_a_shock_that_outlasts_the_window_says_so(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis", days=30)
    found = rows(run, make_panel(run, 3))
    assert found["funding −0.05 % per 8 h for 30 days"].note == "outlasts the window"
    assert found["ETH and BTC +30% in 7 days"].note == ""


def test_scenarios_combine(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis", days=30)
    panel = make_panel(run, 3)
    combined: Scenario = scenarios(run)[-2]
    assert combined.name == "binance frozen for 7 days, ETH and BTC +30% in 7 days"
    shocked = combined.apply(Case.of(run, panel), AT).panel
    assert shocked.is_frozen("binance", AT) and not shocked.is_frozen("binance", AT + 168)
    assert shocked.perp["okx:BTCUSDT"][-1] == pytest.approx(1.3 * panel.perp["okx:BTCUSDT"][-1])


def test_a_stressed_parameter_outlives_rows_that_would_follow_it(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("eth_staking_only", days=30)
    case = Case.of(run, make_panel(run, 3))
    eased = case.with_parameter("etherfi", "unstaking_delay_hours", 500, 24.0)
    stressed = eased.with_parameter("etherfi", "unstaking_delay_hours", AT, 216.0)

    def delay(changed: Case, hour: int) -> float:
        return changed.run.venues["etherfi"].parameter("unstaking_delay_hours", int(case.panel.hours[hour]))

    assert [delay(eased, hour) for hour in (0, AT, 500)] == [120.0, 120.0, 24.0]
    assert [delay(stressed, hour) for hour in (0, AT, 500)] == [120.0, 216.0, 216.0]
    assert [delay(case, hour) for hour in (0, 500)] == [120.0, 120.0]
    assert stressed.run.config_hash != run.config_hash
    with pytest.raises(BasisError, match="CFG-006"):
        case.with_parameter("etherfi", "nope", AT, 1.0)
