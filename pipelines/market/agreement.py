"""Whether the prices of one contract on several venues can be prices of the same thing at the same time.

A lone hour that differs is a warning (:mod:`pipelines.market.cross_venue`).  A whole window at another level is
another contract or another unit, and one that moves hours later has another clock: a run would trade the
difference as if it were profit, so it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engine.errors import Problem
from engine.market import HOUR, FloatArray, IntArray, iso_hour
from pipelines.market.cross_venue import DIVERGENCE_WARNING
from pipelines.market.source import MarketSource, RequiredSeries, RunWindow, SeriesRows, required_series

PRICE_TABLES = ("spot_prices", "perp_prices")
LEVEL = 0.02
"""Median distance of two venues; on record no exchange hour is further apart than 1 %."""
LAGS = 12
CORRELATED = 0.5
MIN_HOURS = 48


def disagreements(run: RunWindow, source: MarketSource, first: int, last: int) -> list[Problem]:
    """One problem per pair of price series, own rows alone, that cannot be one contract on two venues."""
    problems = []
    for one, other in _same_contract(run, source, first, last):
        hours, price_of_one, price_of_other = _together(one, other)
        if len(hours) < MIN_HOURS:
            continue
        said = _disagreement(hours, price_of_one, price_of_other, other.series.name)
        if said is not None:
            where = " and ".join(_dataset(source, rows.series) for rows in (one, other))
            key = f"{one.series.name} and {other.series.name} {iso_hour(hours[0])}..{iso_hour(hours[-1])}"
            problems.append(Problem("DATA-009", where, key, *said))
    return problems


@dataclass(frozen=True)
class Divergence:
    """Two venues that part by more than 0.5 %, only to meet again: in how many hours, and where most."""

    series: str
    hours: int
    worst: float
    at: str


def divergences(run: RunWindow, source: MarketSource, first: int, last: int) -> list[Divergence]:
    """Warnings a person should see with the result; `quality.checks` names every hour."""
    found = []
    for one, other in _same_contract(run, source, first, last):
        if one.series.table != other.series.table:
            continue
        hours, price_of_one, price_of_other = _together(one, other)
        apart = np.abs(price_of_one / price_of_other - 1.0)
        count = int(np.count_nonzero(apart > DIVERGENCE_WARNING))
        if count:
            worst = int(np.argmax(apart))
            name = f"{one.series.name} and {other.series.name}"
            found.append(Divergence(name, count, float(apart[worst]), iso_hour(int(hours[worst]))))
    return found


def _same_contract(
    run: RunWindow, source: MarketSource, first: int, last: int
) -> Iterator[tuple[SeriesRows, SeriesRows]]:
    """Pairs of price series of one symbol the mode needs; a mark and a spot price are a pair too."""
    needed = {series.key.split(":")[1] for series in required_series(run.mode) if series.table in PRICE_TABLES}
    found = sorted(_own_rows(source, needed, first, last), key=lambda rows: rows.series.name)
    for one, other in combinations(found, 2):
        if one.series.key.split(":")[1] == other.series.key.split(":")[1]:
            yield one, other


def _together(one: SeriesRows, other: SeriesRows) -> tuple[IntArray, FloatArray, FloatArray]:
    """Hours both have, and what either opened at."""
    hours, at_one, at_other = np.intersect1d(one.ts, other.ts, assume_unique=True, return_indices=True)
    return hours, one.numbers("open")[at_one], other.numbers("open")[at_other]


def _own_rows(source: MarketSource, symbols: set[str], first: int, last: int) -> Iterator[SeriesRows]:
    for config in source.datasets.values():
        feeds = config.feeds
        load = source.loads.get(config.dataset)
        if feeds.table in PRICE_TABLES and feeds.symbol in symbols and load is not None and not load.blocked:
            series = RequiredSeries(feeds.table, f"{feeds.venue}:{feeds.symbol}")
            yield source.rows(series, allow_proxies=False).between(first, last)


def _disagreement(hours: IntArray, one: FloatArray, other: FloatArray, name: str) -> tuple[str, str] | None:
    """What was found and what was expected, or None where the two go together."""
    distance = float(np.median(np.abs(one / other - 1.0)))
    if distance > LEVEL:
        return (
            f"medians {np.median(one):.6g} and {np.median(other):.6g}, typically {distance:.2%} apart",
            f"venues_agree: the same contract within {LEVEL:.0%} of itself: another unit, or another asset?",
        )
    together = {lag: _correlation(hours, one, other, lag) for lag in range(-LAGS, LAGS + 1)}
    best = max(together, key=lambda lag: (together[lag], -abs(lag)))
    if together[0] < CORRELATED < together[best]:
        return (
            f"moves of {name} match {abs(best)} h {'later' if best > 0 else 'earlier'} "
            f"(correlation {together[best]:.2f}, at the same hour {together[0]:.2f})",
            "venues_agree: the same contract moves in the same hour: another time zone, or close for open stamps?",
        )
    return None


def _correlation(hours: IntArray, one: FloatArray, other: FloatArray, lag: int) -> float:
    """Of hourly returns, those of ``other`` taken ``lag`` hours later; -1 where there is nothing to compare."""
    steps = np.flatnonzero(np.diff(hours) == HOUR)
    begins = hours[steps]
    _, of_one, of_other = np.intersect1d(begins + lag * HOUR, begins, assume_unique=True, return_indices=True)
    if len(of_one) < MIN_HOURS // 2:
        return -1.0
    returns = [values[steps + 1] / values[steps] for values in (one, other)]
    pair = returns[0][of_one], returns[1][of_other]
    if min(float(np.std(values)) for values in pair) < 1e-9:
        return -1.0
    return float(np.corrcoef(*pair)[0, 1])


def _dataset(source: MarketSource, series: RequiredSeries) -> str:
    config = source.datasets_of(series)[0]
    return f"{config.dataset} ({config.files})"
