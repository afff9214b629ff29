"""The engine over made-up markets: it reconciles, replays, repeats, and never looks ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import RunConfig
from engine.engine import EventEngine, run_backtest
from engine.errors import BasisError
from engine.market import FloatArray, MarketPanel
from engine.positions import PositionKey
from engine.results import RESIDUAL_TOLERANCE, RunResult

MODES = (
    "pure_lending",
    "btc_basis",
    "eth_basis",
    "eth_staking_only",
    "eth_leveraged",
    "usdt_market_neutral_no_leverage",
    "usdt_market_neutral",
)

MakeRun = Callable[..., RunConfig]
MakePanel = Callable[..., MarketPanel]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _balances(result: RunResult) -> dict[str, float]:
    replayed: dict[str, float] = defaultdict(float)
    postings = result.postings()
    for key, delta in zip(postings["position_key"], postings["delta"], strict=True):
        replayed[key] += delta
    return replayed


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), volatility=st.floats(0.0005, 0.03))
@pytest.mark.parametrize("mode", MODES)
def test_any_random_market_reconciles_and_replays(
    make_run: MakeRun, make_panel: MakePanel, mode: str, seed: int, volatility: float
) -> None:
    run = make_run(mode, days=12)
    result = run_backtest(run, make_panel(run, seed, volatility))
    worst, hour = result.worst_residual()
    assert worst <= RESIDUAL_TOLERANCE, f"residual {worst} of NAV at {hour}"
    for text, replayed in _balances(result).items():
        assert replayed == pytest.approx(result.ledger.quantity(PositionKey.parse(text)), rel=1e-12, abs=1e-9)


def test_quiet_stretches_equal_the_hourly_loop_bit_for_bit(make_run: MakeRun, make_panel: MakePanel, mode: str) -> None:
    run = make_run(mode, days=40)
    panel = make_panel(run, 5)
    digests = {length: EventEngine(run, panel, longest_stretch=length).run().digest for length in (1, 7, 48, 2048)}
    assert len(set(digests.values())) == 1, digests


def test_the_same_inputs_give_the_same_digest_and_others_another(
    make_run: MakeRun, make_panel: MakePanel, mode: str
) -> None:
    run = make_run(mode)
    first, second = (run_backtest(run, make_panel(run, 3)).digest for _ in range(2))
    assert first == second
    assert run_backtest(run, make_panel(run, 4)).digest != first


def _shock(panel: MarketPanel, after: int) -> MarketPanel:
    """The same market up to hour ``after``; every later value moved by an odd factor."""
    factor = np.where(np.arange(len(panel)) > after, 1.37, 1.0)

    def moved(series: FloatArray | None) -> FloatArray | None:
        return None if series is None else series * factor

    changes: dict[str, Any] = {}
    for item in fields(panel):
        value = getattr(panel, item.name)
        if item.name in ("spot", "perp", "funding", "liquidity_index", "borrow_index", "oracle_rate", "market_rate"):
            changes[item.name] = {name: moved(series) for name, series in value.items()}
        elif item.name == "gas_price_gwei":
            changes[item.name] = moved(value)
    return replace(panel, **changes)


@pytest.mark.parametrize("after", [0, 1, 100, 250, 400])
def test_moving_every_future_value_changes_no_past_decision(
    make_run: MakeRun, make_panel: MakePanel, mode: str, after: int
) -> None:
    run = make_run(mode)
    panel = make_panel(run, 11, 0.01)
    calm, shocked = (run_backtest(run, market) for market in (panel, _shock(panel, after)))
    known = int(panel.hours[after])

    def past(result: RunResult) -> list[tuple[Any, ...]]:
        columns = result.components.event_logger.columns
        return [row for row in zip(*columns.values(), strict=True) if row[1] <= known]

    assert past(calm) == past(shocked)
    assert calm.record.nav[: after + 1].tolist() == shocked.record.nav[: after + 1].tolist()
    attribution = slice(0, after + 1)
    assert (calm.record.attribution[:, attribution] == shocked.record.attribution[:, attribution]).all()
    assert calm.digest != shocked.digest


def test_balance_sheet_sums_to_nav_every_hour(make_run: MakeRun, make_panel: MakePanel, mode: str) -> None:
    run = make_run(mode)
    result = run_backtest(run, make_panel(run, 2))
    sheet = result.balance_sheet()
    total = np.zeros(len(result.hours))
    np.add.at(total, np.searchsorted(result.hourly_pnl()["ts"], sheet["ts"]), sheet["value"])
    assert total == pytest.approx(result.record.nav, rel=1e-13)


def test_attribution_components_add_up_to_the_profit(make_run: MakeRun, make_panel: MakePanel, mode: str) -> None:
    run = make_run(mode)
    result = run_backtest(run, make_panel(run, 2))
    assert sum(result.pnl_attribution()["pnl"]) == pytest.approx(result.final_nav - run.initial_capital, abs=1e-6)


def test_a_panel_that_lacks_a_required_series_is_refused_with_all_of_them(
    make_run: MakeRun, make_panel: MakePanel
) -> None:
    run = make_run("btc_basis")
    panel = make_panel(run, 1)
    poorer = replace(panel, perp={}, funding={})
    with pytest.raises(BasisError, match="DATA-010") as refusal:
        EventEngine(run, poorer)
    for venue in run.mode.hedge_allocation or {}:
        assert f"perp {venue}:BTCUSDT" in str(refusal.value)
        assert f"funding {venue}:BTCUSDT" in str(refusal.value)
    health = refusal.value.context["health"]
    assert health["data_provider"]["status"] == "unhealthy"
    assert health["risk_monitor"]["status"] == "unhealthy", "what depends on a failed component is marked"
    assert health["ledger"]["status"] == "not_started"


def test_a_hole_in_the_panel_is_named_with_its_hour(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("pure_lending")
    panel = make_panel(run, 1)
    index = panel.liquidity_index["USDT"].copy()
    index[30] = np.nan
    with pytest.raises(BasisError, match="DATA-002") as refusal:
        EventEngine(run, replace(panel, liquidity_index={"USDT": index}))
    assert "2025-03-02T06:00Z" in str(refusal.value)


def test_a_run_past_its_time_limit_stops(make_run: MakeRun, make_panel: MakePanel, monkeypatch: Any) -> None:
    run = make_run("btc_basis")
    clock = iter(np.arange(0.0, 1e9, 3000.0))
    monkeypatch.setattr("engine.engine.time.monotonic", lambda: float(next(clock)))
    with pytest.raises(BasisError, match="EDS-001"):
        run_backtest(run, make_panel(run, 1))


def test_a_run_past_its_memory_limit_stops(make_run: MakeRun, make_panel: MakePanel, monkeypatch: Any) -> None:
    run = make_run("btc_basis", limits={"max_seconds": 3600, "max_memory_mb": 1})
    monkeypatch.setattr("engine.engine.MEMORY_CHECK_SECONDS", -1.0)
    with pytest.raises(BasisError, match="EDS-002"):
        run_backtest(run, make_panel(run, 1))


def test_progress_reaches_the_end_and_events_are_written_while_it_goes(
    make_run: MakeRun, make_panel: MakePanel
) -> None:
    run = make_run("btc_basis")
    seen: list[tuple[int, int]] = []
    lines: list[bytes] = []

    class Sink:
        def write(self, new: Any) -> None:
            lines.extend(new)

    result = run_backtest(run, make_panel(run, 1), Sink(), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (480, 480)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(lines) == len(result.components.event_logger)
    assert b'"event_type":"capital_deposited"' in lines[0]
    assert b'"position_key":"wallet:BaseToken:USDT"' in lines[0]
