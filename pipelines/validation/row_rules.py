"""Rules that look at keys and values of single rows: declared periods, duplicates, schema, bars, volumes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pandera
from pandera.errors import SchemaErrors

from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.tables import INSTANT_COLUMNS
from pipelines.validation.findings import FILE, TIME, Findings
from pipelines.validation.hours import HOUR

_PANDERA_NAMES = {"not_nullable": "value_present"}


def drop_interpolated(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """``observed_only``: rows at other hours were computed between observations and are not data."""
    declared = config.observed_only
    if declared is None:
        return frame
    stamps = frame[TIME]
    observed = (stamps % HOUR == 0) & (stamps // HOUR % 24).isin(declared.hours)
    findings.check(
        "observed_only", True, f"{int((~observed).sum())} interpolated rows dropped", details=declared.reason
    )
    return frame[observed]


def set_aside_invalid_periods(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Declared bad stretches: quarantined with their reason, before their rows can contradict each other."""
    for period in config.invalid_periods:
        inside = frame[TIME].between(int(period.start.timestamp()), int(period.end.timestamp()))
        rows = frame[inside]
        findings.note_rows("invalid_period", rows, subject=period.reason)
        if len(rows):
            findings.set_aside(rows, f"invalid_period: {period.reason}")
        frame = frame[~inside]
    return frame


def resolve_duplicates(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Identical rows: the first stays.  Rows of one key that differ: none stays, and the dataset blocks."""
    keys = [TIME, *config.table.row_keys]
    columns = list(config.columns)
    repeated = frame.duplicated(subset=list(dict.fromkeys([*keys, *columns])), keep="first")
    findings.note_rows("exact_duplicates", frame[repeated])
    frame = frame[~repeated]
    conflicting = frame.duplicated(subset=keys, keep=False).to_numpy()
    return findings.refuse("conflicting_duplicates", frame, conflicting, columns)


def sort_rows(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Sorts by time; steps back inside one series of one file are counted."""
    series = [FILE, *(key for key in config.table.row_keys if key not in INSTANT_COLUMNS)]
    backward = frame.groupby(series, observed=True, dropna=False)[TIME].diff() < 0
    findings.note_rows("sorted_rows", frame[backward])
    return frame.sort_values(TIME, kind="stable")


def check_values(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """``value_present``, ``positive`` and ``bounds`` through one pandera schema, every failure at once."""
    failures = _schema_failures(_schema(config), frame)
    for rule, column, expected in _declared_value_rules(config):
        rows = failures.get((rule, column), set())
        bad = frame.index.isin(list(rows)) if rows else np.zeros(len(frame), dtype=bool)
        frame = findings.refuse(rule, frame, bad, [column], expected)
    return frame


def check_bars(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """``ohlc_order`` refuses bars that break their own range."""
    if not config.rules.ohlc_order:
        return frame
    low, high = frame["low"], frame["high"]
    fits = frame["open"].between(low, high) & frame["close"].between(low, high) & (low <= high)
    return findings.refuse("ohlc_order", frame, (~fits).to_numpy(), ["open", "high", "low", "close"])


def note_implausible_volumes(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> None:
    """``vwap_inside_range``: the hour's average price by its volumes lies inside the bar."""
    rule = config.rules.vwap
    if rule is None:
        return
    traded = frame[frame[rule.volume] > 0]
    average = traded[rule.quote_volume] / traded[rule.volume]
    inside = average.between(traded["low"] * (1 - rule.tolerance), traded["high"] * (1 + rule.tolerance))
    findings.note_rows("vwap_inside_range", traded[~inside])


def note_stale_samples(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> None:
    """``sample_age``: rows whose true sample time is far from their label."""
    rule = config.rules.sample_age
    if rule is None:
        return
    distance = (frame[rule.column] // 1_000_000 - frame[TIME]).abs()
    expected = f"sampled within {rule.max_minutes} min of the label"
    findings.note_rows("sample_age", frame[distance > rule.max_minutes * 60], expected=expected)


def _declared_value_rules(config: DatasetConfig) -> list[tuple[str, str, str]]:
    """(rule, column, what is expected) for every rule of single values this dataset declares."""
    present = [
        ("value_present", name, "a finite value") for name, column in config.columns.items() if not column.nullable
    ]
    positive = [("positive", name, f"{name} above zero") for name in config.rules.positive]
    bounds = [
        ("bounds", name, f"{name} in [{limits.min:g}, {limits.max:g}]") for name, limits in config.rules.bounds.items()
    ]
    return present + positive + bounds


def _schema(config: DatasetConfig) -> pandera.DataFrameSchema:
    columns = {}
    for name, column in config.columns.items():
        checks = []
        if column.kind == "number" and column.constant is None:
            checks.append(pandera.Check(lambda values: ~np.isinf(values), error="value_present"))
        if name in config.rules.positive:
            checks.append(pandera.Check.gt(0, error="positive"))
        if name in config.rules.bounds:
            limits = config.rules.bounds[name]
            checks.append(pandera.Check.in_range(limits.min, limits.max, error="bounds"))
        columns[name] = pandera.Column(checks=checks, nullable=column.nullable, required=True)
    return pandera.DataFrameSchema(columns)


def _schema_failures(schema: pandera.DataFrameSchema, frame: pd.DataFrame) -> dict[tuple[str, str], set[int]]:
    """Rows that fail, by rule and column."""
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        named = zip(cases["check"].replace(_PANDERA_NAMES), cases["column"], cases["index"], strict=True)
        failures: dict[tuple[str, str], set[int]] = {}
        for rule, column, row in named:
            failures.setdefault((str(rule), str(column)), set()).add(int(row))
        return failures
    return {}
