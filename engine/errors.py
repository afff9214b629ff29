"""Registered error codes, their severities, and the one error format every refusal uses.

A refusal names its code, what was expected, where it was looked for, what is there instead
and what to do about it.  Several problems found together travel together in one error, so a
person mends a file once instead of once per mistake.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """CRITICAL stops; HIGH is retried where safe; MEDIUM degrades visibly; LOW is logged."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One row of the registry: what a code means and what a person does about it."""

    code: str
    component: str
    severity: Severity
    title: str
    resolution: str


def _registry(*codes: ErrorCode) -> Mapping[str, ErrorCode]:
    table: dict[str, ErrorCode] = {}
    for entry in codes:
        if entry.code in table:
            raise ValueError(f"error code {entry.code} is registered twice")
        table[entry.code] = entry
    return table


_C, _H, _M, _L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

REGISTRY: Mapping[str, ErrorCode] = _registry(
    # configuration
    ErrorCode(
        "CFG-001",
        "configuration",
        _C,
        "a configuration file does not fit its schema",
        "correct the named keys in the named file; `basis validate` lists them all",
    ),
    ErrorCode(
        "CFG-002",
        "configuration",
        _C,
        "a business rule is broken",
        "change one of the named keys so that the rule holds",
    ),
    ErrorCode(
        "CFG-003",
        "configuration",
        _C,
        "a field this mode needs is missing, or one it may not have is set",
        "add or remove the named field",
    ),
    ErrorCode("CFG-004", "configuration", _C, "files contradict each other", "make the named files agree"),
    ErrorCode(
        "CFG-005",
        "configuration",
        _C,
        "a required environment variable is missing or invalid",
        "set it in the environment or in .env (see .env.example)",
    ),
    ErrorCode(
        "CFG-006",
        "configuration",
        _C,
        "there is no configuration of that name",
        "use one of the listed names, or add the YAML file",
    ),
    ErrorCode("CFG-007", "configuration", _C, "a request is not valid", "correct the named fields of the request"),
    # data
    ErrorCode(
        "DATA-001",
        "data_provider",
        _C,
        "a required file is not there",
        "put the file in the data folder, or declare a proxy in its dataset file",
    ),
    ErrorCode(
        "DATA-002",
        "data_provider",
        _C,
        "a required series has holes inside the window",
        "load the missing hours, narrow the window, or declare a proxy or fill in the dataset file",
    ),
    ErrorCode(
        "DATA-003",
        "data_provider",
        _C,
        "the window is not covered by the data",
        "choose a window inside the span shown, or load more data",
    ),
    ErrorCode(
        "DATA-004",
        "data_provider",
        _C,
        "rows with the same key contradict each other",
        "find out which row is right and remove the other, or declare the period invalid in the dataset file",
    ),
    ErrorCode(
        "DATA-005",
        "data_provider",
        _C,
        "a time stamp cannot be read",
        "correct the stamp, or the time format in the dataset file",
    ),
    ErrorCode("DATA-006", "data_provider", _C, "an index falls", "reload the source: an accrual index never falls"),
    ErrorCode(
        "DATA-007",
        "data_provider",
        _C,
        "a file is a placeholder",
        "replace the made-up file by the real series, or remove it and declare a proxy",
    ),
    ErrorCode(
        "DATA-008",
        "data_provider",
        _C,
        "a file does not have the declared form",
        "correct the file, or its columns and types in the dataset file",
    ),
    ErrorCode(
        "DATA-009",
        "data_provider",
        _C,
        "a value is impossible",
        "correct the value at its source, or declare the period invalid in the dataset file",
    ),
    ErrorCode(
        "DATA-010",
        "data_provider",
        _C,
        "the market data cannot satisfy the mode's data requirements",
        "load the named series, or change the mode's data_requirements",
    ),
    ErrorCode(
        "DATA-011",
        "data_provider",
        _M,
        "the same contract differs across venues",
        "look at the named hours; they are kept as they are",
    ),
    ErrorCode(
        "DATA-012",
        "data_provider",
        _C,
        "a filled or proxied row is not allowed here",
        "allow proxies for the run, or load the real rows",
    ),
    ErrorCode(
        "DATA-013",
        "data_provider",
        _C,
        "nothing valid is loaded for this series",
        "load the dataset first: materialise its raw asset or run in csv data mode",
    ),
    # engine components
    ErrorCode(
        "COM-001",
        "component",
        _C,
        "a component could not be built",
        "see the cause; components that depend on it are marked unhealthy",
    ),
    ErrorCode(
        "POS-001",
        "position_monitor",
        _C,
        "a balance would fall below zero",
        "see the instruction: it spends what the account does not hold",
    ),
    ErrorCode(
        "POS-002", "position_monitor", _C, "a position key is unknown", "use one of the keys the mode's venues declare"
    ),
    ErrorCode(
        "EXP-001", "exposure_monitor", _C, "an exposure cannot be computed", "see the position and the price it lacks"
    ),
    ErrorCode(
        "RISK-001",
        "risk_monitor",
        _H,
        "a risk measure passed its warning or critical level",
        "the strategy reduces risk first; see the risk_breach events",
    ),
    ErrorCode(
        "PNL-001",
        "pnl_calculator",
        _C,
        "P&L does not reconcile",
        "the balance side and the attribution side differ: this is a bug, report the run id",
    ),
    ErrorCode("STR-001", "strategy_manager", _C, "a strategy is unknown", "use one of the registered strategies"),
    ErrorCode(
        "STR-002",
        "strategy_manager",
        _C,
        "the first step did nothing",
        "a strategy that holds only its starting cash after the first step is an error; see its targets",
    ),
    ErrorCode("EXE-001", "execution_manager", _C, "an instruction was refused", "see the venue's reason"),
    ErrorCode(
        "EXE-002",
        "execution_interface_manager",
        _C,
        "no venue serves this operation",
        "list the venue in the mode, or correct the instruction",
    ),
    ErrorCode(
        "EXE-003",
        "execution_manager",
        _C,
        "an atomic bundle would revert",
        "nothing of it was posted; see the leg named",
    ),
    ErrorCode(
        "REC-001",
        "reconciliation",
        _C,
        "observed and expected balances differ after an instruction",
        "the backtest stops; see expected and observed deltas",
    ),
    ErrorCode("EVT-001", "event_logger", _C, "an event cannot be recorded", "see the field named"),
    ErrorCode(
        "EDS-001",
        "engine",
        _C,
        "the run took longer than its time limit",
        "raise limits.max_seconds or shorten the window",
    ),
    ErrorCode(
        "EDS-002",
        "engine",
        _C,
        "the run used more memory than its limit",
        "raise limits.max_memory_mb or shorten the window",
    ),
    ErrorCode("EDS-003", "engine", _C, "equity is gone", "NAV fell to zero or below; see the events before it"),
    # pipeline and warehouse
    ErrorCode(
        "API-001",
        "pipeline",
        _C,
        "the warehouse refused a write",
        "see the schema in warehouse/sql; rows must fit it exactly",
    ),
    ErrorCode(
        "API-002",
        "pipeline",
        _C,
        "there is no such run",
        'list runs with: basis sql "select run_id, mode, status from results.runs"',
    ),
    ErrorCode(
        "API-003",
        "pipeline",
        _C,
        "a SQL statement failed",
        'see the message; tables are listed by: basis sql "show all tables"',
    ),
    ErrorCode("BT-001", "backtest", _C, "the backtest failed", "see the cause; earlier results are untouched"),
    ErrorCode(
        "BT-002",
        "backtest",
        _C,
        "a blocking check of the results failed",
        "the run is recorded as failed; see the named check",
    ),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with enough to mend it.

    ``where`` is a file, table or variable; ``key`` the field, series or hour inside it.
    """

    code: str
    where: str
    key: str
    value: Any
    expected: str

    def line(self) -> str:
        return f"[{self.code}] {self.where}: {self.key} = {self.value!r}; expected {self.expected}"


@dataclass(slots=True)
class BasisError(Exception):
    """An error with a registered code.  ``str()`` is the text a person reads.

    ``context`` must hold JSON-friendly values and never a secret.
    """

    code: str
    message: str
    expected: str | None = None
    looked_in: str | None = None
    found: str | None = None
    resolution: str | None = None
    problems: tuple[Problem, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in REGISTRY:
            raise ValueError(f"error code {self.code!r} is not registered in engine/errors.py")
        Exception.__init__(self, self.message)

    @classmethod
    def from_problems(cls, problems: Iterable[Problem], message: str) -> BasisError:
        """All problems of a file or configuration at once; the first one's code leads."""
        found = tuple(problems)
        return cls(found[0].code, f"{message} ({len(found)} problem{'s' if len(found) != 1 else ''})", problems=found)

    @property
    def entry(self) -> ErrorCode:
        return REGISTRY[self.code]

    def __str__(self) -> str:
        lines = [f"{self.code} {self.entry.title}: {self.message}"]
        lines += [f"  - {problem.line()}" for problem in self.problems]
        for label, text in (("expected", self.expected), ("looked in", self.looked_in), ("found", self.found)):
            if text is not None:
                lines.append(f"  {label}: {text}")
        lines.append(f"  what to do: {self.resolution or self.entry.resolution}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The record of the error format: code, message, component, severity, context, time, trace, resolution."""
        return {
            "error_code": self.code,
            "message": self.message,
            "component": self.entry.component,
            "severity": self.entry.severity.value,
            "expected": self.expected,
            "looked_in": self.looked_in,
            "found": self.found,
            "problems": [problem.line() for problem in self.problems],
            "context": dict(self.context),
            "timestamp": datetime.now(UTC).isoformat(),
            "stack_trace": "".join(traceback.format_exception(self)) if self.__traceback__ else None,
            "resolution": self.resolution or self.entry.resolution,
        }
