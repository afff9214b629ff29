"""The stress table: every scenario that concerns a mode, run in full and measured against its reference.

Extremes are taken from the hour of the shock on, in scenario and reference alike, and include what the risk monitor
saw before it acted in the same hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from engine.config import RunConfig
from engine.engine import run_backtest
from engine.errors import BasisError
from engine.market import MarketPanel, iso_hour
from engine.maths.performance import drawdowns, hourly_returns
from engine.results import RESIDUAL_TOLERANCE, RunResult
from engine.stress.case import Case
from engine.stress.scenarios import AS_RUN, WITHDRAWAL, Reference, Scenario, scenarios

OnScenario = Callable[[int, int], None]
"""Called with (scenarios done, scenarios in all)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures of one finished run.  ``final_nav`` and ``profit`` are in the share-class currency, told in its worth.

    ``profit`` leaves cash flows out; ratios are None where the mode has no such measure; ``worst_drawdown`` ≤ 0;
    ``waited`` are the hours a withdrawal asked for at the shock took, None when none was or it is still unpaid.
    """

    final_nav: float
    profit: float
    min_health_factor: float | None
    min_margin_ratio: float | None
    max_ltv: float | None
    liquidations: int
    worst_drawdown: float
    residual: float
    waited: int | None


@dataclass(frozen=True, slots=True)
class StressRow:
    """``verdict``: ``survived``, ``not exposed``, or the code of the refusal that ended the run; ``note`` says why.

    ``effect`` is the profit less that of the reference, ``effect_share`` the same over the reference's final NAV.
    """

    scenario: str
    reference: str
    equation: str
    verdict: str
    note: str
    outcome: Outcome | None = None
    effect: float | None = None
    effect_share: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """One flat row."""
        figures = ("final_nav", "min_health_factor", "min_margin_ratio", "max_ltv", "liquidations", "worst_drawdown")
        return {
            "scenario": self.scenario,
            "verdict": self.verdict,
            "effect": self.effect,
            "effect_share": self.effect_share,
            **{name: None if self.outcome is None else getattr(self.outcome, name) for name in figures},
            "reference": self.reference,
            "note": self.note,
            "equation": self.equation,
        }


@dataclass(frozen=True, slots=True)
class StressTable:
    """``at`` is the hour index of the shocks, ``start`` that hour; the rows begin with the references."""

    run: RunConfig
    at: int
    start: str
    rows: tuple[StressRow, ...]


def stress(
    run: RunConfig, panel: MarketPanel, at: int | None = None, on_scenario: OnScenario | None = None
) -> StressTable:
    """Run every scenario that concerns the mode.  ``at``: hour index of the shocks; None takes the middle.

    Errors: CFG-007 for an hour outside the window or its first; whatever refuses the undisturbed run; PNL-001 when a
    scenario does not reconcile.
    """
    start = len(panel) // 2 if at is None else at
    if not 0 < start < len(panel):
        raise BasisError(
            "CFG-007",
            "a shock must start inside the window, after its first hour",
            expected=f"an hour index from 1 to {len(panel) - 1}",
            found=str(start),
        )
    return StressTable(run, start, iso_hour(int(panel.hours[start])), tuple(_rows(run, panel, start, on_scenario)))


def _rows(run: RunConfig, panel: MarketPanel, at: int, on_scenario: OnScenario | None) -> Iterator[StressRow]:
    calm = Case.of(run, panel)
    references: dict[Reference, Outcome | BasisError] = {AS_RUN: measure(calm, at)}
    planned = scenarios(run)
    for scenario in planned:
        if scenario.not_exposed is None and scenario.reference not in references:
            references[scenario.reference] = _attempt(scenario.reference.prepare(calm, at), at)
    yield from (_reference_row(reference, found) for reference, found in references.items())
    for done, scenario in enumerate(planned, start=1):
        yield _row(scenario, calm, at, references)
        if on_scenario is not None:
            on_scenario(done, len(planned))


def _reference_row(reference: Reference, found: Outcome | BasisError) -> StressRow:
    said = ("none", reference.name, "the market as it was")
    if isinstance(found, BasisError):
        return StressRow(*said, found.code, found.message)
    return StressRow(*said, "survived", "", found)


def _row(scenario: Scenario, calm: Case, at: int, references: Mapping[Reference, Outcome | BasisError]) -> StressRow:
    said = (scenario.name, scenario.reference.name, scenario.equation)
    if scenario.not_exposed is not None:
        return StressRow(*said, "not exposed", scenario.not_exposed)
    prepared = scenario.reference.prepare(calm, at)
    reference, outcome = references[scenario.reference], _attempt(scenario.apply(prepared, at), at)
    if isinstance(outcome, BasisError):
        return StressRow(*said, outcome.code, outcome.message)
    if isinstance(reference, BasisError):
        return StressRow(*said, "survived", f"the reference itself is refused: {reference.code}", outcome)
    effect = outcome.profit - reference.profit
    note = "; ".join(_notes(scenario, prepared, at, outcome, reference))
    return StressRow(*said, "survived", note, outcome, effect, effect / reference.final_nav)


def _notes(scenario: Scenario, prepared: Case, at: int, outcome: Outcome, reference: Outcome) -> Iterator[str]:
    if scenario.hours is not None and at + scenario.hours >= len(prepared.panel):
        yield "outlasts the window"
    if scenario.reference is WITHDRAWAL:
        yield f"withdrawal {_waited(outcome)}, {_waited(reference)} in the reference"


def _waited(outcome: Outcome) -> str:
    return "unpaid at the end" if outcome.waited is None else f"paid after {outcome.waited} h"


def _attempt(case: Case, at: int) -> Outcome | BasisError:
    try:
        return measure(case, at)
    except BasisError as refusal:
        if refusal.code == "PNL-001":
            raise
        return refusal


def measure(case: Case, at: int) -> Outcome:
    """Run a case and take its figures from the hour ``at`` on.  Errors: the run's, and PNL-001 for a residual."""
    result = run_backtest(case.run, case.panel)
    residual, hour = result.worst_residual()
    if not residual <= RESIDUAL_TOLERANCE:
        raise BasisError("PNL-001", f"residual of {residual:.3g} NAV at {hour} in a stressed market")
    nav, flows = result.record.nav * case.worth, result.record.net_flows * case.worth
    profit = np.diff(nav, prepend=case.run.initial_capital * case.worth[0]) - flows
    paid = np.flatnonzero(flows[at:] < 0.0)
    return Outcome(
        final_nav=float(nav[-1]),
        profit=float(profit.sum()),
        min_health_factor=_extreme(result, "health_factor", at, min),
        min_margin_ratio=_extreme(result, "margin_ratio", at, min),
        max_ltv=_extreme(result, "ltv", at, max),
        liquidations=sum(kind == "liquidation" for kind, _ in _events(result, at)),
        worst_drawdown=float(drawdowns(hourly_returns(nav, profit, flows)[at:]).min()),
        residual=residual,
        waited=int(paid[0]) if len(paid) else None,
    )


def _extreme(result: RunResult, metric: str, at: int, pick: Callable[[list[float]], float]) -> float | None:
    """Over the hours from ``at``, of every venue: after each hour's trades, and before them where that was reported."""
    rows = [row for row, watched in enumerate(result.record.metrics) if watched.name == metric]
    recorded = result.record.risk[rows, at:]
    seen = recorded[np.isfinite(recorded)].tolist()
    for kind, details in _events(result, at):
        if kind == "risk_breach" and details["metric"] == metric and np.isfinite(details["value"] or np.nan):
            seen.append(details["value"])
        if kind == "liquidation" and metric in details:
            seen.append(details[metric])
    return float(pick(seen)) if seen else None


def _events(result: RunResult, at: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """(type, details) of the risk events from the hour index ``at`` on."""
    columns, first = result.components.event_logger.columns, int(result.hours[at])
    for ts, kind, details in zip(columns["ts"], columns["event_type"], columns["details_json"], strict=True):
        if ts >= first and kind in ("liquidation", "risk_breach"):
            yield kind, orjson.loads(details)
