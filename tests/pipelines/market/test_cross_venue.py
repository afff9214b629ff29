from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from pipelines.market.cross_venue import cross_venue_checks, spread_across_venues
from pipelines.market.schema import MARKET_SCHEMAS, stamps

HOUR = 3600
START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def _bars(venue: str, opens: list[float], *, proxied: bool = False, symbol: str = "ETHUSDT") -> pa.Table:
    count = len(opens)
    present = np.isfinite(opens)
    columns = {
        "ts": stamps(START + np.arange(count) * HOUR),
        "venue": pa.repeat(venue, count),
        "symbol": pa.repeat(symbol, count),
        **{name: pa.array(opens) for name in ("open", "high", "low", "close", "volume")},
        "source": pa.repeat("csv/x.csv", count),
        "is_projected": pa.repeat(pa.scalar(False), count),
        "is_proxied": pa.repeat(pa.scalar(proxied), count),
        "proxy_of": pa.nulls(count, pa.string()),
        "load_id": pa.repeat("load", count),
    }
    return pa.table(columns).cast(MARKET_SCHEMAS["perp_prices"]).filter(pa.array(present))


def test_spread_is_relative_to_the_highest_and_needs_two_venues() -> None:
    prices = np.array([[100.0, 99.0, np.nan], [100.0, 100.0, 50.0], [np.nan, 99.5, np.nan]])
    spread = spread_across_venues(prices)
    assert spread[:2] == pytest.approx([0.0, 0.01])
    assert np.isnan(spread[2])


def test_hours_apart_are_named_and_graded() -> None:
    rows = pa.concat_tables(
        [_bars("binance", [100.0, 99.4, 98.9, 100.0]), _bars("bybit", [100.0, 100.0, 100.0, 100.4])]
    )
    summary, warning, dislocation = cross_venue_checks("perp_prices", rows, "build-1")
    assert (summary.check_name, summary.passed, summary.observed) == (
        "venue_divergence_summary",
        False,
        "2 of 4 hours apart",
    )
    assert summary.ts == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert (warning.check_name, warning.severity, warning.observed) == ("venue_divergence", "warning", "0.6000%")
    assert warning.details == "ETHUSDT open 2026-01-01T01:00Z: binance 99.4, bybit 100"
    assert (dislocation.check_name, dislocation.observed) == ("dislocation", "1.1000%")
    assert dislocation.ts == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert {check.load_id for check in (summary, warning, dislocation)} == {"build-1"}


def test_proxied_rows_and_lone_venues_are_not_compared() -> None:
    rows = pa.concat_tables([_bars("binance", [100.0, 100.0]), _bars("okx", [90.0, 90.0], proxied=True)])
    assert cross_venue_checks("perp_prices", rows, "build-1") == []
    other = pa.concat_tables([_bars("binance", [100.0]), _bars("uniswap", [90.0], symbol="WETHUSDT")])
    assert cross_venue_checks("perp_prices", other, "build-1") == []


def test_a_crash_all_venues_show_is_the_market() -> None:
    shared = pa.concat_tables([_bars("binance", [100.0, 88.0]), _bars("bybit", [100.0, 88.1])])
    _, crash = cross_venue_checks("perp_prices", shared, "build-1")
    assert (crash.check_name, crash.severity, crash.passed) == ("crash_seen_by_all_venues", "info", True)
    assert crash.observed == "binance -12.00%, bybit -11.90%"
    lone = pa.concat_tables([_bars("binance", [100.0, 88.0, 100.0]), _bars("bybit", [100.0, 100.0, 100.0])])
    names = [check.check_name for check in cross_venue_checks("perp_prices", lone, "build-1")]
    assert names == ["venue_divergence_summary", "dislocation", "crash_on_one_venue", "crash_on_one_venue"]


def test_a_move_across_a_hole_is_not_an_hourly_move() -> None:
    rows = pa.concat_tables(
        [_bars("binance", [100.0, float("nan"), 80.0]), _bars("bybit", [100.0, float("nan"), 80.0])]
    )
    assert [check.check_name for check in cross_venue_checks("perp_prices", rows, "b")] == ["venue_divergence_summary"]
