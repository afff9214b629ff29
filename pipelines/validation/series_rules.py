"""Rules that look at the whole sorted series: made-up ramps, falling indices, jumps, holes, spans."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.findings import FILE, TIME, Findings
from pipelines.validation.hours import Stretch, as_datetime, hour_text, stretches
from pipelines.validation.records import Gap

_DAY = 86400
_SAME_STEP = 1e-6
"""Two increments are one step where they differ by less than this share of the largest increment."""


def refuse_placeholders(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> None:
    """``placeholder``: a series of a few rows, or a file that is a ramp (its first or second differences repeat)."""
    rule = config.rules.placeholder
    if rule is None or frame.empty:
        return
    suspects = [
        (str(file), group, _ramp(group[rule.column].to_numpy(), rule.min_distinct_increments))
        for file, group in frame.groupby(FILE, sort=True, observed=True)
    ]
    if len(frame) < rule.min_rows:
        suspects = [(", ".join(file for file, _, _ in suspects), frame, f"{len(frame)} rows")]
    made_up = [suspect for suspect in suspects if suspect[2] is not None]
    expected = f"at least {rule.min_rows} rows and {rule.min_distinct_increments} different steps"
    for file, rows, reason in made_up:
        key = f"{hour_text(int(rows[TIME].min()))}..{hour_text(int(rows[TIME].max()))}"
        findings.problem("placeholder", file, key, f"{rule.column}: {reason}", expected)
    findings.check("placeholder", not made_up, f"{len(frame)} rows", expected=expected)


def check_index(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """``monotone`` and ``index_scale``: an index neither falls nor jumps; a flat stretch is fine."""
    rule = config.rules.monotone
    if rule is None:
        return frame
    for column in rule.columns:
        growth, seconds = _steps(frame, column)
        falls = growth < -rule.tolerance
        expected = f"{column} never below the row before"
        kept = findings.refuse("monotone", frame, falls, [column], expected)
        days = np.maximum(seconds / _DAY, 1.0)
        jumps = growth > (1 + rule.max_growth_per_day) ** days - 1
        expected = f"{column} grows by at most {rule.max_growth_per_day:g} a day"
        frame = findings.refuse("index_scale", kept, jumps[~falls], [column], expected)
    return frame


def check_index_order(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> None:
    """``index_order``: from the first row to the last; within one interval either index may be stale."""
    rule = config.rules.index_order
    if rule is None or frame.empty or findings.breached("monotone", "index_scale"):
        return
    growth = {name: float(frame[name].iloc[-1] / frame[name].iloc[0] - 1.0) for name in (rule.slower, rule.faster)}
    fits = growth[rule.slower] <= growth[rule.faster]
    observed = ", ".join(f"{name} grew by {value:.6%}" for name, value in growth.items())
    expected = f"{rule.slower} grows no faster than {rule.faster}"
    first, last = int(frame[TIME].min()), int(frame[TIME].max())
    if not fits:
        files = ", ".join(sorted(str(file) for file in frame[FILE].unique()))
        findings.problem("index_order", files, f"{hour_text(first)}..{hour_text(last)}", observed, expected)
    findings.check("index_order", fits, observed, expected=expected, first=None if fits else first)


def check_continuity(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """``bar_continuity``: a bar opens near the close of the bar before.  Behind a hole nothing is compared."""
    limit = config.rules.bar_continuity
    if limit is None:
        return frame
    opens, closes = (frame[name].to_numpy(dtype=np.float64) for name in ("open", "close"))
    jumps = np.zeros(len(frame), dtype=np.bool_)
    neighbours = np.diff(frame[TIME].to_numpy()) == config.cadence_seconds
    jumps[1:] = neighbours & (np.abs(opens[1:] / closes[:-1] - 1.0) > limit)
    expected = f"open within {limit:.0%} of the close before"
    return findings.refuse("bar_continuity", frame, jumps, ["open", "close"], expected)


def note_suspicious_returns(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> None:
    """``suspicious_return``: large steps between neighbouring rows are named and kept."""
    rule = config.rules.suspicious_return
    if rule is None:
        return
    growth, _ = _steps(frame, rule.column)
    expected = f"|{rule.column} / row before - 1| <= {rule.threshold:g}"
    findings.note_rows("suspicious_return", frame[np.abs(growth) > rule.threshold], expected=expected)


def find_gaps(
    config: DatasetConfig, frame: pd.DataFrame, stamps_seen: NDArray[np.int64], findings: Findings
) -> list[Gap]:
    """Stamps of the cadence between the first and last stamp seen in the files that have no valid row.

    Whether one may be filled is decided where rows are used, so every gap is ``unresolved`` here.
    """
    step = config.cadence_seconds
    if step is None or stamps_seen.size == 0:
        return []
    grid = np.arange(stamps_seen.min() // step * step, stamps_seen.max() + 1, step)
    holes = stretches(np.setdiff1d(grid, frame[TIME].to_numpy()), step)
    missing = sum(hole.count for hole in holes)
    findings.check(
        "holes",
        not holes,
        f"{missing} stamps missing in {len(holes)} stretches",
        details=", ".join(str(hole) for hole in holes),
        first=holes[0].start if holes else None,
    )
    return [_gap(config, hole, findings) for hole in holes]


def note_span(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> None:
    """First and last valid stamp."""
    if len(frame):
        first, last = int(frame[TIME].min()), int(frame[TIME].max())
        observed = f"{len(frame)} rows, {hour_text(first)}..{hour_text(last)}"
        findings.check("span", True, observed, first=first, details=f"cadence {config.cadence}")


def _gap(config: DatasetConfig, hole: Stretch, findings: Findings) -> Gap:
    venue, symbol = config.gap_labels
    return Gap(
        findings.load_id,
        config.dataset,
        venue,
        symbol,
        as_datetime(hole.start),
        as_datetime(hole.end),
        hole.count,
        "unresolved",
    )


def _steps(frame: pd.DataFrame, column: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Relative change from the row before and the seconds between; zero for the first row."""
    values = frame[column].to_numpy(dtype=np.float64)
    stamps = frame[TIME].to_numpy()
    if values.size == 0:
        return values, values
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.concatenate(([0.0], values[1:] / values[:-1] - 1.0))
    return growth, np.concatenate(([0.0], np.diff(stamps).astype(np.float64)))


def _ramp(values: NDArray[np.float64], min_steps: int) -> str | None:
    """Why this is a ramp; None where it is not, or where there are too few rows to tell."""
    first = np.diff(values)
    for name, increments in (("increments", first), ("second differences", np.diff(first))):
        distinct = _distinct(increments)
        if increments.size >= 2 * min_steps and distinct < min_steps:
            return f"{distinct} different {name} in {values.size} rows: a made-up ramp"
    return None


def _distinct(increments: NDArray[np.float64]) -> int:
    largest = np.max(np.abs(increments), initial=0.0)
    if largest == 0.0:
        return min(1, increments.size)
    return int(np.unique(np.round(increments / (largest * _SAME_STEP))).size)
