"""Whether a window is covered by every series a mode needs, and which days would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np

from engine.errors import BasisError, Problem
from engine.market import HOUR, IntArray, iso_hour
from pipelines.market.agreement import disagreements
from pipelines.market.causes import explain_missing
from pipelines.market.origins import cadence_of
from pipelines.market.schema import epoch_seconds
from pipelines.market.source import EVENT_TABLES, MarketSource, RequiredSeries, RunWindow, SeriesRows

DAY = 24 * HOUR


def window_bounds(run: RunWindow) -> tuple[int, int]:
    """First and last hour of a window: START 00:00 and END 23:00 UTC, epoch seconds."""
    first, last = (int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in (run.start, run.end))
    return first, last + DAY - HOUR


def series_cadence(series: RequiredSeries, source: MarketSource) -> int:
    """Seconds between rows a run needs: settlements by the dataset's cadence, everything else hourly."""
    configs = source.datasets_of(series)
    return cadence_of(configs[0]) if series.table == "funding_rates" and configs else HOUR


def refuse_if_incomplete(run: RunWindow, found: Sequence[SeriesRows], source: MarketSource) -> None:
    """Raise one BasisError (DATA-010) that lists everything missing, or return."""
    problems: list[Problem] = []
    for rows in found:
        problems += [problem for problem in _missing(run, rows, source) if problem not in problems]
    problems += disagreements(run, source, *window_bounds(run))
    if not problems:
        return
    span = f"{run.start} .. {run.end}"
    proxies = "" if run.allow_proxies else " without proxies"
    raise BasisError(
        "DATA-010",
        f"{run.mode.mode} cannot run over {span}{proxies}: {len(problems)} problem{'s' if len(problems) != 1 else ''}",
        expected=f"every required series whole from {run.start} 00:00 to {run.end} 23:00 UTC",
        looked_in=", ".join(sorted({load.data_root_id for load in source.loads.values()})) or "no load at all",
        found=_workable(found, source),
        resolution=(
            "declare a proxy or a fill in the named dataset files and allow proxies for the run, "
            "load the missing rows, or choose a window that is covered"
        ),
        problems=tuple(problems),
        context={"mode": run.mode.mode, "start": str(run.start), "end": str(run.end), "proxies": run.allow_proxies},
    )


def _missing(run: RunWindow, found: SeriesRows, source: MarketSource) -> list[Problem]:
    series = found.series
    first, last = window_bounds(run)
    unusable = source.unusable(series)
    if series.table in EVENT_TABLES:
        rewards = series.table == "reward_distributions"
        begun = rewards or (len(found.ts) > 0 and int(found.ts[0]) <= first)
        if unusable or not begun:
            return explain_missing(series, found.ts, found.ts, HOUR, source, run.allow_proxies)
        return _days_without_rewards(run, found) if rewards else _incomplete_costs(found)
    cadence = series_cadence(series, source)
    expected = np.arange(-(-first // cadence) * cadence, last + 1, cadence, dtype=np.int64)
    missing = np.setdiff1d(expected, found.ts, assume_unique=True)
    if not len(missing) and not unusable:
        return []
    return explain_missing(series, expected, missing, cadence, source, run.allow_proxies)


def _days_without_rewards(run: RunWindow, found: SeriesRows) -> list[Problem]:
    """Days of the window that lie in no earning period: what they would have paid is not known."""
    first, last = (bound // DAY for bound in window_bounds(run))
    lacking = np.setdiff1d(np.arange(first, last + 1), earning_days(found))
    if not len(lacking):
        return []
    stretches = np.split(lacking, np.flatnonzero(np.diff(lacking) != 1) + 1)
    dates = ", ".join(f"{_day(days[0])} .. {_day(days[-1])} ({len(days)} days)" for days in stretches)
    known = earning_days(found)
    span = f"rewards are known from {_day(known[0])} to {_day(known[-1])}" if len(known) else "no rewards are known"
    return [Problem("DATA-003", found.series.table, f"{found.series.name} {dates}", span, "rewards for every day")]


def earning_days(found: SeriesRows) -> IntArray:
    """Days (since 1970-01-01, ascending) inside an earning period, both ends inclusive."""
    starts, ends = (epoch_seconds(found.rows[name]) // DAY for name in ("period_start", "period_end"))
    periods = [np.arange(start, end + 1) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return np.unique(np.concatenate(periods)) if periods else np.empty(0, dtype=np.int64)


def _day(days_since_epoch: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(days_since_epoch))


def _incomplete_costs(found: SeriesRows) -> list[Problem]:
    """Dates of a cost curve that lack one of its order sizes."""
    dates, sizes_there = np.unique(found.ts, return_counts=True)
    sizes = len(np.unique(found.numbers("size_usd")))
    return [
        Problem(
            "DATA-002", found.series.table, f"{found.series.name} {iso_hour(day)}", f"{count} sizes", f"{sizes} sizes"
        )
        for day, count in zip(dates.tolist(), sizes_there.tolist(), strict=True)
        if count != sizes
    ]


def _workable(found: Sequence[SeriesRows], source: MarketSource) -> str:
    """The longest run of whole days every series covers, in words."""
    days = {rows.series.name: covered_days(rows, source) for rows in found}
    empty = sorted(name for name, covered in days.items() if not len(covered))
    stretch = longest_stretch({name: covered for name, covered in days.items() if len(covered)})
    if stretch is None:
        return "no day is covered by all series"
    length = (stretch[1] - stretch[0]).days + 1
    dates = f"{stretch[0]} .. {stretch[1]} ({length} day{'s' if length != 1 else ''})"
    if empty:
        return f"no day is covered by {', '.join(empty)}; the other series are all whole over {dates}"
    return f"the longest window that works is {dates}"


def covered_days(found: SeriesRows, source: MarketSource) -> IntArray:
    """Days (since 1970-01-01, ascending) on which a series has every row a run needs."""
    if found.series.table == "reward_distributions":
        return earning_days(found)
    if found.series.table in EVENT_TABLES:
        if not len(found.ts):
            return np.empty(0, dtype=np.int64)
        newest = max(int(load.last_ts.timestamp()) for load in source.loads.values() if load.last_ts is not None)
        return np.arange(-(-int(found.ts[0]) // DAY), newest // DAY + 1, dtype=np.int64)
    cadence = series_cadence(found.series, source)
    days, rows = np.unique(found.ts[found.ts % cadence == 0] // DAY, return_counts=True)
    return np.asarray(days[rows == DAY // cadence], dtype=np.int64)


def longest_stretch(days: Mapping[str, IntArray]) -> tuple[date, date] | None:
    """First and last day of the longest run of consecutive days that all series cover; the first such run."""
    common: IntArray | None = None
    for covered in days.values():
        common = covered if common is None else np.intersect1d(common, covered, assume_unique=True)
    if common is None or not len(common):
        return None
    runs = np.split(common, np.flatnonzero(np.diff(common) != 1) + 1)
    longest = max(runs, key=len)
    return _day(longest[0]), _day(longest[-1])
