"""Tables of the report, as rows of text: what each month earned, what cost most, what was held, what was read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipelines.reports.formatting import count, hour, moment, number, percent
from pipelines.reports.run_tables import RunTables
from pipelines.reports.theme import COMPONENTS, component_label

BREACH_STATES = ("warning", "critical")


@dataclass(frozen=True)
class Table:
    """Text for a page: headings, rows, and how many columns from the left are words (the rest are numbers).

    Cells of the `wrapped` columns (counted from 0) may have and break into several lines.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    wrapped: tuple[int, ...] = ()
    total: tuple[str, ...] = field(default=())


def monthly_pnl(run: RunTables) -> Table:
    """P&L of every calendar month (UTC) by component, its sum, and the NAV at the month's last hour."""
    components = run.components()
    order = [name for name in COMPONENTS if name in components]
    order += sorted(set(components) - set(order))
    months = run.hourly_pnl["ts"].dt.strftime("%Y-%m").to_numpy()
    sums = pd.DataFrame({name: components[name] for name in order}, index=months).groupby(level=0).sum()
    nav = run.hourly_pnl.groupby(months)["nav"].last()
    digits = run.currency.digits

    def line(month: str, values: pd.Series, last_nav: float) -> tuple[str, ...]:
        cells = [number(values[name], digits, signed=True) for name in order]
        return (month, *cells, number(values.sum(), digits, signed=True), number(last_nav, digits))

    rows = tuple(line(str(month), sums.loc[month], nav[month]) for month in nav.index)
    headings = ("Month", *(component_label(name) for name in order), "P&L", "NAV at end")
    return Table(headings, rows, total=line("Whole window", sums.sum(), nav.iloc[-1]))


def largest_costs(run: RunTables, limit: int = 10) -> Table:
    """The events that cost most."""
    costs = run.events.assign(cost=run.events["cost_total"].astype(np.float64).abs())
    largest = costs[costs["cost"] > 0].nlargest(limit, "cost")
    rows = tuple(
        (moment(row.ts), str(row.event_type), _text(row.venue), _text(row.token), number(row.amount, 4, signed=True),
         number(row.cost, run.currency.digits), f"{row.seq}")
        for row in largest.itertuples()
    )  # fmt: skip
    return Table(("Hour", "Event", "Venue", "Token", "Amount", f"Cost, {run.currency.label}", "Seq"), rows, words=4)


def worst_breaches(run: RunTables, limit: int = 10) -> Table:
    """Stretches of hours in which a risk metric stood in warning or critical, worst first."""
    metrics = run.risk_metrics.assign(state=run.risk_metrics["state"].astype(str).str.lower())
    bad = metrics[metrics["state"].isin(BREACH_STATES)].sort_values(["metric", "venue", "ts"], kind="stable")
    bad = bad.assign(venue=bad["venue"].map(_text), size=bad["value"].abs(), is_critical=bad["state"] == "critical")
    series_changes = (bad["metric"] != bad["metric"].shift()) | (bad["venue"] != bad["venue"].shift())
    level = bad["critical"].where(bad["is_critical"], bad["warning"])
    bad = bad.assign(is_floor=bad["size"] < level)
    stretch = (series_changes | (bad["ts"].diff() != pd.Timedelta(hours=1))).cumsum()
    episodes = bad.groupby(stretch).agg(
        metric=("metric", "first"), venue=("venue", "first"), start=("ts", "first"), hours=("ts", "size"),
        floor=("is_floor", "first"), lowest=("value", "min"), largest=("size", "max"), critical=("is_critical", "max"),
        warning_level=("warning", "first"), critical_level=("critical", "first"),
    )  # fmt: skip
    episodes["worst"] = episodes["lowest"].where(episodes["floor"].astype(bool), episodes["largest"])
    worst_first = episodes.sort_values(["critical", "hours", "start"], ascending=[False, False, True], kind="stable")
    rows = tuple(
        ("critical" if row.critical else "warning", row.metric, row.venue, moment(row.start), count(row.hours),
         number(row.worst, 4), number(row.warning_level, 4), number(row.critical_level, 4))
        for row in worst_first.head(limit).itertuples()
    )  # fmt: skip
    return Table(("State", "Measure", "Venue", "From", "Hours", "Worst", "Warning at", "Critical at"), rows, words=4)


def final_balance_sheet(run: RunTables) -> Table:
    """What the NAV of the last hour consists of; the values add up to it."""
    last = run.balance_sheet[run.balance_sheet["ts"] == run.hourly_pnl["ts"].iloc[-1]]
    nav = float(run.hourly_pnl["nav"].iloc[-1])
    digits = run.currency.digits
    rows = tuple(
        (str(row.position_key), number(row.quantity, 8), number(row.unit_value, max(digits, 4)),
         number(row.value, digits), percent(row.value / nav))
        for row in last.sort_values("value", ascending=False, key=abs).itertuples()
    )  # fmt: skip
    headings = ("Position", "Quantity", f"Unit value, {run.currency.label}", f"Value, {run.currency.label}", "Of NAV")
    total = ("Sum", "", "", number(last["value"].sum(), digits), percent(last["value"].sum() / nav))
    return Table(headings, rows, total=total)


def input_series(run: RunTables) -> Table:
    """Every series the run read: rows, how many are proxied or projected, span, source and load."""
    rows = tuple(
        (f"{row.series}\n{row.source}", f"{row.dataset}\nload {row.load_id}", count(row.rows),
         count(row.proxied_rows), count(row.projected_rows), hour(row.first_ts), hour(row.last_ts))
        for row in run.run_inputs.itertuples()
    )  # fmt: skip
    headings = ("Series and source", "Dataset and load", "Rows", "Proxied", "Projected", "First, UTC", "Last, UTC")
    return Table(headings, rows, words=2, wrapped=(0, 1))


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else "–"
