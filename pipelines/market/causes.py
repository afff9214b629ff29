"""Why stamps a run needs are not there, in the words of the file and the rule behind each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from engine.errors import Problem
from engine.market import HOUR, IntArray, iso_hour
from pipelines.market.origins import SLOW_TABLES, cadence_of, hourly_stamps
from pipelines.market.resolve import stretches
from pipelines.market.schema import epoch_seconds, time_column
from pipelines.market.source import EVENT_TABLES, MarketSource, RequiredSeries
from pipelines.sources.cells import SECOND, parse_stamps
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.records import DatasetLoad, Quarantined


def explain_missing(
    series: RequiredSeries,
    expected: IntArray,
    missing: IntArray,
    cadence: int,
    source: MarketSource,
    allow_proxies: bool = True,
) -> list[Problem]:
    """One problem per stretch of missing stamps that share a cause; one alone where the whole series is missing.

    Problems of a blocked dataset come first, as validation named them, then those of its blocked proxies.
    """
    configs = source.datasets_of(series)
    if not configs:
        return [
            _whole(series, "configs/datasets", "DATA-010", "no dataset file declares it", "a dataset that feeds it")
        ]
    return [
        problem
        for config in configs
        for problem in _explain(series, config, expected, missing, cadence, source.loads, allow_proxies)
    ]


def _explain(
    series: RequiredSeries,
    config: DatasetConfig,
    expected: IntArray,
    missing: IntArray,
    cadence: int,
    loads: Mapping[str, DatasetLoad],
    allow_proxies: bool,
) -> list[Problem]:
    where = f"{config.dataset} ({config.files})"
    if config.dataset not in loads:
        return [_whole(series, where, "DATA-013", "not loaded", "a load of this dataset")]
    load = loads[config.dataset]
    if load.absent and (not allow_proxies or len(missing) == len(expected)):
        return [_whole(series, where, "DATA-001", "no such file in the data folder", "the file" + _hint(config))]
    problems = list(load.problems)
    if series.table == "execution_costs" and not problems:
        return [_whole(series, where, "DATA-002", "no row in force when the window begins", _cost_row(series, config))]
    if series.table in EVENT_TABLES:
        return problems
    if load.blocked:
        # its sound rows are there; what keeps them back is named above
        missing = np.setdiff1d(missing, _answered(config, load))
    if allow_proxies:
        problems += [problem for name in config.proxies if name in loads for problem in loads[name].problems]
    hints = _hints(config, loads, missing, allow_proxies)
    causes = [(*cause, hint) for cause, hint in zip(_causes(config, load, missing), hints, strict=True)]
    is_missing = np.isin(expected, missing, assume_unique=True)
    labels = sorted(set(causes))
    fate = np.zeros(len(expected), dtype=np.int64)
    fate[is_missing] = [labels.index(cause) for cause in causes]
    unit = "h" if cadence == HOUR else "settlements"
    for hole in stretches(expected, is_missing, fate):
        code, reason, hint = labels[hole.fate]
        key = f"{series.name} {stretch_text(hole.start, hole.end, hole.missing, unit)}"
        problems.append(Problem(code, where, key, reason, f"a row every {cadence // HOUR} h{hint}"))
    return problems


def _cost_row(series: RequiredSeries, config: DatasetConfig) -> str:
    proxies = [borrowed.proxy for borrowed in config.pair_proxies if borrowed.pair == series.key]
    return f"costs of this pair; {f'declared proxy: {proxies[0]}' if proxies else 'no proxy is declared'}"


def stretch_text(start: int, end: int, count: int, unit: str) -> str:
    """``2024-06-12T00:00Z..22:00Z (23 h)``."""
    if start == end:
        return f"{iso_hour(start)} (1 {unit.removesuffix('s') if unit != 'h' else unit})"
    last = iso_hour(end)[11:] if start // 86400 == end // 86400 else iso_hour(end)
    return f"{iso_hour(start)}..{last} ({count} {unit})"


def _whole(series: RequiredSeries, where: str, code: str, value: str, expected: str) -> Problem:
    return Problem(code, where, f"{series.name}, the whole series", value, expected)


def _hint(config: DatasetConfig) -> str:
    return f"; declared proxies: {', '.join(config.proxies)}" if config.proxies else "; no proxy is declared"


def _answered(config: DatasetConfig, load: DatasetLoad) -> IntArray:
    """Stamps the sound rows of a load would answer for: a slow series holds or grows until its next row."""
    observed = epoch_seconds(load.rows[time_column(config.feeds.table)])
    slow = config.feeds.table in SLOW_TABLES and len(observed) > 0
    return hourly_stamps(observed, cadence_of(config)) if slow else observed


def _hints(
    config: DatasetConfig, loads: Mapping[str, DatasetLoad], missing: IntArray, allow_proxies: bool
) -> list[str]:
    """Per missing stamp the declared proxies, and why they do not answer for it although they may."""
    hint = _hint(config)
    if not allow_proxies or not config.proxies:
        return [hint] * len(missing)
    usable = [loads[name].rows for name in config.proxies if name in loads and not loads[name].blocked]
    theirs = [epoch_seconds(rows[time_column(config.feeds.table)]) for rows in usable]
    there = np.isin(missing, np.concatenate(theirs)) if theirs else np.zeros(len(missing), dtype=np.bool_)
    longest = config.gap_policy.max_gap_hours
    reach = hint if longest is None else f"{hint}, for at most {longest} h of a hole"
    nothing = f"{hint}, which have no valid row there either"
    return [reach if found else nothing for found in there.tolist()]


def _causes(config: DatasetConfig, load: DatasetLoad, missing: IntArray) -> list[tuple[str, str]]:
    """Code and reason per missing stamp: set aside by a rule, outside the file, or simply not in it."""
    if load.absent:
        return [("DATA-001", "no such file in the data folder")] * len(missing)
    observed = epoch_seconds(load.rows[time_column(config.feeds.table)])
    set_aside = _quarantined_stamps(config, load.quarantine)
    known = np.concatenate([observed, np.fromiter(set_aside, dtype=np.int64, count=len(set_aside))])
    if not len(known):
        return [("DATA-002", "no valid row in the file")] * len(missing)
    first, last = int(known.min()), int(known.max())
    reach = config.cadence_seconds or HOUR
    causes = []
    for stamp, loaded in zip(missing.tolist(), np.isin(missing, observed).tolist(), strict=True):
        if loaded:
            causes.append(("DATA-013", "loaded, but not in the market table: build the table again"))
        elif stamp in set_aside:
            causes.append(set_aside[stamp])
        elif stamp < first:
            causes.append(("DATA-003", f"the file begins at {iso_hour(first)}"))
        elif stamp >= last + reach:
            causes.append(("DATA-003", f"the file ends at {iso_hour(last)}"))
        else:
            causes.append(("DATA-002", "no row in the file"))
    return causes


def _quarantined_stamps(config: DatasetConfig, rows: Sequence[Quarantined]) -> dict[int, tuple[str, str]]:
    """Stamp → code and reason of the rows set aside there; two rows at one stamp contradict each other."""
    cells = pa.array([json.loads(row.raw).get(config.time.column) for row in rows], pa.string())
    micros, unreadable = parse_stamps(cells, list(config.time.formats), config.time.timezone)
    found: dict[int, tuple[str, str]] = {}
    raws: dict[int, str] = {}
    for row, micro, bad in zip(rows, micros.tolist(), unreadable.tolist(), strict=True):
        if bad:
            continue
        stamp = round(micro / SECOND / HOUR) * HOUR
        if stamp in found and raws[stamp] != row.raw:
            found[stamp] = ("DATA-004", f"quarantined, rows contradict each other: {row.reason}")
        else:
            found[stamp] = ("DATA-009", f"quarantined: {row.reason}")
        raws[stamp] = row.raw
    return found
