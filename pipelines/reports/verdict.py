"""The reconciliation verdict: does the P&L explained by sources equal the P&L of the balance sheet?

The report does not take the stored residual on trust.  It adds up components, balance sheet and funding
events again, hour by hour, and holds each difference against the same tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.reports.run_tables import RunTables

TOLERANCE = 1e-9
"""Largest difference allowed in any hour, as a share of that hour's NAV."""


@dataclass(frozen=True)
class Check:
    """One identity held against the tolerance over all hours.

    `worst` is the largest |difference| / NAV, `worst_amount` that difference in the run's currency, `hour`
    when it happened.  A difference that is not a number fails.
    """

    name: str
    worst: float
    worst_amount: float
    hour: pd.Timestamp
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """All checks, and the two sides of the whole window in the run's currency."""

    checks: tuple[Check, ...]
    nav_change: float
    components_sum: float

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def residual(self) -> Check:
        """The stored hourly residual."""
        return self.checks[0]

    @property
    def difference(self) -> float:
        return self.nav_change - self.components_sum


def reconcile(run: RunTables) -> Verdict:
    """Check the stored residual, and re-add components, balance sheet and funding of every hour."""
    hourly = run.hourly_pnl
    nav = hourly["nav"].to_numpy(np.float64)
    flows = hourly["net_flows"].to_numpy(np.float64)
    before = np.concatenate(([float(run.run["initial_capital"])], nav[:-1]))
    change = nav - before - flows
    components = run.components()
    explained = np.sum([*components.values(), np.zeros_like(nav)], axis=0)
    checks = [
        _check(run, "stored residual of the hour", hourly["residual"].to_numpy(np.float64)),
        _check(run, "NAV change less flows − sum of components, added up again", change - explained),
        _check(run, "NAV − sum of the balance sheet", nav - run.sum_by_hour(run.balance_sheet, "value")),
    ]
    settlements = run.event_rows("funding_settlement")
    if "funding_pnl" in components or len(settlements):
        cash = run.sum_by_hour(settlements, "amount")
        component = components["funding_pnl"] if "funding_pnl" in components else np.zeros_like(nav)
        checks.append(_check(run, "funding cash in the event log − funding component", cash - component))
    return Verdict(tuple(checks), nav_change=float(change.sum()), components_sum=float(explained.sum()))


def residual_ratio(run: RunTables) -> NDArray[np.float64]:
    """|stored residual| / NAV of each hour, shape (n,)."""
    hourly = run.hourly_pnl
    return np.abs(hourly["residual"].to_numpy(np.float64) / hourly["nav"].to_numpy(np.float64))


def _check(run: RunTables, name: str, difference: NDArray[np.float64]) -> Check:
    nav = run.hourly_pnl["nav"].to_numpy(np.float64)
    ratio = np.abs(difference / nav)
    at = int(np.argmax(np.where(np.isnan(ratio), np.inf, ratio)))
    return Check(
        name,
        worst=float(ratio[at]),
        worst_amount=float(difference[at]),
        hour=run.hourly_pnl["ts"].iloc[at],
        passed=bool(np.all(ratio <= TOLERANCE)),
    )
