"""What validating one dataset yields: its rows, and everything that was found on the way.

The fields of Check, Gap and Quarantined are the columns of ``quality.checks``, ``quality.gaps`` and
``quality.quarantine``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from engine.errors import Problem

CheckSeverity = Literal["blocking", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule applied to one load.  ``ts`` is the first hour concerned, None where no hour is."""

    load_id: str
    dataset: str
    check_name: str
    severity: CheckSeverity
    passed: bool
    observed: str
    expected: str
    details: str
    ts: datetime | None

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of missing observations, first and last missing stamp included."""

    load_id: str
    dataset: str
    venue: str
    symbol: str
    gap_start: datetime
    gap_end: datetime
    missing: int
    resolution: str

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A raw row that was not let through.  ``row_key`` is ``<file>:<line>``, ``raw`` its declared columns as JSON."""

    load_id: str
    dataset: str
    row_key: str
    reason: str
    raw: str

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DatasetLoad:
    """One dataset of one data folder, validated.

    ``rows``: time column of the table (``ts``, ``payout_ts`` or ``valid_from``), its key and value columns,
    extras, ``source`` (``<label>/<file>``) and ``source_row`` (1-based line in that file), sorted by time.
    Value columns a dataset does not declare are null.  ``problems`` block whatever depends on the dataset.
    ``absent`` is true where no file matches and the dataset declares a proxy for that.
    """

    dataset: str
    load_id: str
    data_root_id: str
    source: str
    synthetic: bool
    content_hash: str
    rows: pa.Table
    checks: list[Check]
    gaps: list[Gap]
    quarantine: list[Quarantined]
    problems: list[Problem]
    first_ts: datetime | None
    last_ts: datetime | None
    absent: bool

    @property
    def blocked(self) -> bool:
        return bool(self.problems)
