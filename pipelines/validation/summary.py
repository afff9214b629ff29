"""Validation results as text: one line a dataset, then what was found, problems first."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.validation.hours import hour_text
from pipelines.validation.records import DatasetLoad


def summarise(loads: Iterable[DatasetLoad]) -> str:
    """Every dataset with its span, its blocking problems and its warnings."""
    return "\n".join(line for load in loads for line in _lines(load))


def _lines(load: DatasetLoad) -> list[str]:
    warnings = [check for check in load.checks if not check.passed and check.severity == "warning"]
    state = "BLOCKED" if load.blocked else "absent, proxied" if load.absent else "warnings" if warnings else "ok"
    lines = [f"{load.dataset}: {state}, {_span(load)}"]
    lines += [f"  - {problem.line()}" for problem in load.problems]
    lines += [f"  ~ {check.check_name}: {check.observed} ({_shortened(check.details)})" for check in warnings]
    return lines


def _span(load: DatasetLoad) -> str:
    if load.first_ts is None or load.last_ts is None:
        return "no rows"
    first, last = (hour_text(int(moment.timestamp())) for moment in (load.first_ts, load.last_ts))
    quarantined = f", {len(load.quarantine)} quarantined" if load.quarantine else ""
    return f"{load.rows.num_rows} rows {first}..{last}{quarantined}"


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
