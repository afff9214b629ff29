"""The notebook of one validation: checks, problems and quarantined rows as they are found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from engine.errors import Problem
from pipelines.validation.hours import HOUR, as_datetime, stretches
from pipelines.validation.records import Check, CheckSeverity, Quarantined
from pipelines.validation.rules import RULES

Mask = NDArray[np.bool_]
TIME, FILE, LINE, SOURCE = "_time", "_file", "_line", "_source"
_NAMED = 100


@dataclass
class Findings:
    """Rules call it; nothing else does.  A frame row is known by its index in ``cells``, the raw text."""

    load_id: str
    dataset: str
    cadence_seconds: int
    raw_columns: Mapping[str, list[str]]
    cells: pa.Table = field(default_factory=lambda: pa.table({}))
    checks: list[Check] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    _breached: dict[str, int] = field(default_factory=dict)

    def check(
        self,
        rule: str,
        passed: bool,
        observed: Any,
        *,
        expected: str | None = None,
        details: str = "",
        first: int | None = None,
        severity: CheckSeverity | None = None,
    ) -> None:
        """Record that a rule was applied.  ``first`` is the first hour concerned (epoch seconds).

        ``severity`` is the rule's own unless a declaration of the dataset softens it.
        """
        declared = RULES[rule]
        moment = None if first is None else as_datetime(first)
        self.checks.append(
            Check(
                self.load_id,
                self.dataset,
                rule,
                severity or declared.severity,
                passed,
                str(observed),
                expected or declared.expected,
                details,
                moment,
            )
        )

    def problem(self, rule: str, where: str, key: str, value: str, expected: str | None = None) -> None:
        """A blocking breach: file, hour (or line), what is there, and the rule with what it asks."""
        declared = RULES[rule]
        if declared.code is None:
            raise ValueError(f"rule {rule} does not block")
        self.problems.append(Problem(declared.code, where, key, value, f"{rule}: {expected or declared.expected}"))
        self._breached[rule] = self._breached.get(rule, 0) + 1

    def breached(self, *rules: str) -> bool:
        """Whether one of these rules already blocks the dataset."""
        return any(rule in self._breached for rule in rules)

    def close(self) -> None:
        """Give every breached rule a check that says so: the checks are what the lake remembers of a load."""
        failed = {check.check_name for check in self.checks if not check.passed}
        for rule, count in self._breached.items():
            if rule not in failed:
                named = [problem for problem in self.problems if problem.expected.startswith(f"{rule}: ")][:_NAMED]
                details = ", ".join(f"{problem.where} {problem.key}" for problem in named)
                self.check(rule, False, f"{count} problems", details=details)

    def set_aside(self, rows: pd.DataFrame, reason: str) -> None:
        """Quarantine rows of a frame with their raw text."""
        taken = self.cells.take(pa.array(rows.index.to_numpy())).to_pylist()
        self.quarantine += [
            Quarantined(self.load_id, self.dataset, f"{file}:{line}", reason, json.dumps(raw, ensure_ascii=False))
            for file, line, raw in zip(rows[FILE], rows[LINE], taken, strict=True)
        ]

    def refuse(
        self, rule: str, frame: pd.DataFrame, bad: Mask, columns: Sequence[str], expected: str | None = None
    ) -> pd.DataFrame:
        """Quarantine and block the ``bad`` rows, named by file and hour; returns the frame without them.

        Consecutive bad hours are one problem.  ``columns`` are the canonical columns whose raw text is shown.
        """
        rows = frame[bad]
        for file, group in rows.groupby(FILE, sort=True, observed=True):
            runs = stretches(group[TIME].to_numpy(), self.cadence_seconds)
            for run in runs[:_NAMED]:
                first = group[group[TIME] == run.start]
                self.problem(rule, str(file), str(run), self._shown(first, columns), expected)
            if len(runs) > _NAMED:
                rest = sum(run.count for run in runs[_NAMED:])
                last = f"from {runs[_NAMED]} to {runs[-1]}"
                self.problem(rule, str(file), last, f"{rest} more rows, listed in quality.quarantine", expected)
        if len(rows):
            self.set_aside(rows, f"{rule}: {expected or RULES[rule].expected}")
        self.note_rows(rule, rows, expected=expected, subject=", ".join(columns))
        return frame[~bad]

    def note_rows(self, rule: str, rows: pd.DataFrame, *, expected: str | None = None, subject: str = "") -> None:
        """A check that passes where ``rows`` is empty, else counts them and names their hours."""
        hours = stretches(rows[TIME].to_numpy(), self.cadence_seconds)
        named = ", ".join(str(run) for run in hours[:_NAMED])
        more = f", and {len(hours) - _NAMED} more stretches" if len(hours) > _NAMED else ""
        shown = f"{subject}: " if subject and hours else ""
        first = hours[0].start if hours else None
        self.check(
            rule, not len(rows), f"{len(rows)} rows", expected=expected, details=f"{shown}{named}{more}", first=first
        )

    def _shown(self, rows: pd.DataFrame, columns: Sequence[str]) -> str:
        """``line 17: close = '-3.0'``: the raw text of the rows of one hour."""
        raw = [name for column in columns for name in self.raw_columns[column]]
        shown = rows.head(4)
        cells = self.cells.select(raw).take(pa.array(shown.index.to_numpy())).to_pylist() if raw else [{}] * len(shown)
        return "; ".join(
            f"line {line}" + (": " + ", ".join(f"{name} = {text!r}" for name, text in cell.items()) if cell else "")
            for line, cell in zip(shown[LINE], cells, strict=True)
        )


def step_of(cadence_seconds: int | None) -> int:
    """Stamps that follow each other by this many seconds belong to one stretch."""
    return cadence_seconds or HOUR
