"""Transfers that take time, and venues that accept nothing for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.config import RunConfig, VenueConfig
from engine.engine import EventEngine, run_backtest
from engine.market import MarketPanel
from engine.results import RESIDUAL_TOLERANCE, RunResult

MakeRun = Callable[..., RunConfig]
MakePanel = Callable[..., MarketPanel]


def _rows(result: RunResult, kind: str) -> list[dict[str, object]]:
    columns = result.components.event_logger.columns
    names = list(columns)
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*columns.values(), strict=True)
        if row[names.index("event_type")] == kind
    ]


@pytest.fixture
def slow(make_run: MakeRun) -> Callable[..., RunConfig]:
    """A run whose transfers to and from exchanges take three hours."""

    def make(mode: str, **overrides: object) -> RunConfig:
        run = make_run(mode, **overrides)
        venues = {}
        for name, venue in run.venues.items():
            rows = tuple(
                row.model_copy(update={"value": 3.0}) if row.key == "transfer.delay_hours" else row
                for row in venue.parameters
            )
            venues[name] = VenueConfig(**{**dict(venue), "parameters": rows})
        return run.model_copy(update={"venues": venues})

    return make


@pytest.mark.parametrize("mode", ["btc_basis", "usdt_market_neutral"])
def test_the_entry_waits_until_its_cash_has_arrived(slow: MakeRun, make_panel: MakePanel, mode: str) -> None:
    run = slow(mode)
    panel = make_panel(run, 4)
    result = run_backtest(run, panel)
    hours = [int(row["ts"]) for row in _rows(result, "perp_trade")]  # type: ignore[call-overload]
    assert (hours[0] - int(panel.hours[0])) // 3600 == 3
    arrivals = [row for row in _rows(result, "transfer") if row["reason"] == "transfer arrived"]
    assert len([row for row in arrivals if row["ts"] == hours[0]]) == 3
    assert result.worst_residual()[0] <= RESIDUAL_TOLERANCE
    assert result.record.nav[1:3] == pytest.approx(result.record.nav[0], rel=1e-3), "money in transit is still ours"


def test_a_margin_call_pays_for_the_time_its_money_travels(slow: MakeRun, make_panel: MakePanel) -> None:
    run = slow("btc_basis")
    panel = make_panel(run, 4)
    price = 60_000.0 * np.linspace(1.0, 1.5, len(panel))
    panel = replace(panel, spot={**panel.spot, "binance:BTCUSDT": price}, perp=dict.fromkeys(panel.perp, price))
    result = run_backtest(run, panel)
    in_transit = result.record.quantity[[str(key) for key in result.ledger.keys].index("transit:BaseToken:USDT")]
    assert in_transit.max() > 0.0
    assert in_transit.min() == 0.0
    assert result.worst_residual()[0] <= RESIDUAL_TOLERANCE


@pytest.mark.parametrize("venue", ["binance", "bybit"])
@pytest.mark.parametrize("mode", ["btc_basis", "eth_basis", "usdt_market_neutral_no_leverage", "usdt_market_neutral"])
def test_a_frozen_venue_takes_no_orders_and_the_others_keep_the_delta(
    make_run: MakeRun, make_panel: MakePanel, mode: str, venue: str
) -> None:
    run = make_run(mode, days=30)
    panel = make_panel(run, 6, 0.008)
    frozen = np.zeros(len(panel), dtype=np.bool_)
    frozen[200:400] = True
    panel = replace(panel, frozen={venue: frozen})
    result = run_backtest(run, panel)
    first, last = int(panel.hours[200]), int(panel.hours[399])
    touched = [
        row
        for kind in ("spot_trade", "perp_trade", "transfer")
        for row in _rows(result, kind)
        if row["venue"] == venue and first <= int(row["ts"]) <= last  # type: ignore[call-overload]
    ]
    assert touched == []
    assert any(row["venue"] == venue for row in _rows(result, "perp_trade")), "it trades there before and after"
    exposure = result.record.exposure[result.record.assets.index(run.mode.asset)]
    assert np.abs(exposure[3] / result.record.nav).max() <= run.mode.delta_tolerance
    assert result.worst_residual()[0] <= RESIDUAL_TOLERANCE


def test_stretches_and_hours_agree_with_transfers_under_way(slow: MakeRun, make_panel: MakePanel) -> None:
    run = slow("btc_basis")
    panel = make_panel(run, 9, 0.01)
    digests = {length: EventEngine(run, panel, longest_stretch=length).run().digest for length in (1, 2048)}
    assert len(set(digests.values())) == 1
