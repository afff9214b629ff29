"""Charts of risk and of what was done: margin, loan-to-value, delta, event timeline."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pipelines.reports.charts import Chart, Drawing, NotPart
from pipelines.reports.formatting import number
from pipelines.reports.run_tables import RunTables
from pipelines.reports.theme import CRITICAL, INK, MUTED, WARNING, series_colours, time_axis

LANES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "Capital": (("capital_deposited", "deposit", "withdrawal", "transfer"), "#5a6877"),
    "Decisions": (("decision",), "#1b2733"),
    "Spot trades": (("spot_trade", "swap", "dust_sold"), "#1f6f8b"),
    "Perp trades": (("perp_trade",), "#3d5a98"),
    "Lending": (("lend_supply", "lend_withdraw", "borrow", "repay"), "#2f855a"),
    "Staking": (("stake", "unstake_requested", "unstake_claimed"), "#7fb069"),
    "Rewards": (("reward_received",), "#8e6bbf"),
    "Breaches": (("risk_breach",), WARNING),
    "Liquidations": (("liquidation",), CRITICAL),
}
"""Rows of the timeline, from the top.  Other event types are counted in the caption."""


def margin_ratio(run: RunTables) -> Chart | NotPart:
    return _by_venue(
        run, "margin_ratio", "Margin ratio by venue",
        "Account equity (USDT and unrealised P&L) over the notional of its perps, after each hour's trades. "
        "The lower, the nearer to liquidation.",
    )  # fmt: skip


def loan_to_value(run: RunTables) -> Chart | NotPart:
    return _by_venue(run, "ltv", "Loan-to-value", "Debt over collateral at oracle prices. The higher, the riskier.")


def health_factor(run: RunTables) -> Chart | NotPart:
    return _by_venue(
        run, "health_factor", "Health factor",
        "Collateral × liquidation threshold over debt at oracle prices. Below 1 the position may be liquidated.",
    )  # fmt: skip


def _by_venue(run: RunTables, metric: str, title: str, caption: str) -> Chart | NotPart:
    """One hourly risk metric per venue, with every warning and critical level that held in the window."""
    rows = run.metric(metric)
    if rows.empty:
        return NotPart(metric, title, "not part of this mode, it holds nothing that has one")
    drawing = Drawing(run, 340)
    venues = {str(venue): group for venue, group in rows.groupby(rows["venue"].fillna("all"), sort=True)}
    colours = series_colours(list(venues))
    for venue, group in venues.items():
        trace = drawing.hourly(
            run.on_hours(group, "value"), name=venue, line={"color": colours[venue], "width": 1.4},
            hovertemplate=f"{venue} %{{y:.3f}}<extra></extra>",
        )  # fmt: skip
        span = f"{number(group['value'].min(), 3)} to {number(group['value'].max(), 3)}"
        drawing.note(venue, colours[venue], [trace], span)
    for column, colour in (("warning", WARNING), ("critical", CRITICAL)):
        for level in sorted(rows[column].dropna().unique()):
            drawing.level(float(level), colour, f"{column} {level:g}")
    drawing.figure.update_layout(
        xaxis=time_axis(), yaxis={"rangemode": "tozero" if metric == "margin_ratio" else "normal", "tickformat": ".2~f"}
    )
    return drawing.chart(metric, title, caption)


def delta(run: RunTables) -> Chart | NotPart:
    """Net delta as a share of NAV with its bound, and the net delta of each asset in the run's currency."""
    title = "Delta"
    share = run.metric("delta")
    if share.empty:
        return NotPart("delta", title, "not part of this mode, it has no delta to hold at zero")
    drawing = Drawing(run, 440)
    trace = drawing.hourly(
        run.on_hours(share, "value") * 100, name="Net delta / NAV", line={"color": INK, "width": 1.2},
        hovertemplate="net delta / NAV %{y:.4f}%<extra></extra>",
    )  # fmt: skip
    drawing.note("Net delta / NAV", INK, [trace], f"largest {number(share['value'].abs().max() * 100, 4)}%")
    for column, colour in (("warning", WARNING), ("critical", CRITICAL)):
        for level in sorted({abs(float(value)) * 100 for value in share[column].dropna()}):
            drawing.level(level, colour, f"{column} ±{level:g}%")
            drawing.level(-level, colour, "")
    assets = {
        str(asset): rows for asset, rows in run.exposures.groupby("asset", sort=True) if rows["net_delta_value"].any()
    }
    colours = series_colours(list(assets))
    for asset, rows in assets.items():
        trace = drawing.hourly(
            run.on_hours(rows, "net_delta_value"), name=asset, yaxis="y2",
            line={"color": colours[asset], "width": 1.3},
            hovertemplate=f"{asset} %{{y:,.2f}} {run.currency.label}<extra></extra>",
        )  # fmt: skip
        worst = number(rows["net_delta_value"].abs().max(), run.currency.digits)
        drawing.note(asset, colours[asset], [trace], f"largest {worst} {run.currency.label}")
    drawing.figure.update_layout(
        xaxis=time_axis(anchor="y2"),
        yaxis={"domain": [0.5, 1], "title": {"text": "share of NAV"}, "ticksuffix": "%"},
        yaxis2={"domain": [0, 0.42], "title": {"text": run.currency.label}, "tickformat": ",~r",
                "gridcolor": "#e3e8ed", "automargin": True, "tickfont": {"color": MUTED}, "zerolinecolor": "#b8c2cc"},
    )  # fmt: skip
    return drawing.chart(
        "delta", title,
        "Top: exposure to prices left after hedging, as a share of NAV; 0 is neutral. "
        f"Bottom: the same for each asset, in {run.currency.label}.",
    )  # fmt: skip


def event_timeline(run: RunTables) -> Chart:
    """What was done when: one mark for each kind of event and UTC day, larger when there were more."""
    present = {lane: run.event_rows(*types) for lane, (types, _) in LANES.items()}
    shown = {lane: rows for lane, rows in present.items() if len(rows) or lane in ("Breaches", "Liquidations")}
    drawing = Drawing(run, 70 + 38 * len(shown))
    for lane, rows in shown.items():
        colour = LANES[lane][1]
        days = _by_day(rows)
        counts = days["count"].to_numpy(np.int64)
        drawing.add(
            go.Scatter(
                x=days.index.strftime("%Y-%m-%dT12:00"), y=[lane] * len(days), mode="markers", name=lane,
                marker={"color": colour, "opacity": 0.75, "size": np.minimum(5 + 2 * np.sqrt(counts), 18),
                        "line": {"width": 0}},
                customdata=np.column_stack([days.index.strftime("%d %b %Y"), days["text"]]) if len(days) else None,
                hovertemplate=f"<b>{lane}</b> %{{customdata[0]}} UTC<br>%{{customdata[1]}}<extra></extra>",
            )
        )  # fmt: skip
    first, last = run.hours[0], run.hours[-1]
    margin = max((last - first) // 50, np.timedelta64(12, "h"))
    drawing.figure.update_layout(
        xaxis=time_axis(range=[str(first - margin), str(last + margin)]),
        yaxis={"categoryorder": "array", "categoryarray": list(reversed(shown)), "type": "category",
               "range": [-0.6, len(shown) - 0.4]},
        hovermode="closest",
    )  # fmt: skip
    return drawing.chart("events", "Event timeline", _timeline_caption(run, present))


def _timeline_caption(run: RunTables, present: Mapping[str, pd.DataFrame]) -> str:
    totals = ", ".join(f"{len(rows):,} {lane.lower()}" for lane, rows in present.items() if len(rows))
    nothing = [name for name in ("Breaches", "Liquidations") if not len(present[name])]
    none = f" No {' and no '.join(name.lower() for name in nothing)}." if nothing else ""
    drawn = {event for types, _ in LANES.values() for event in types}
    rest = run.events.loc[~run.events["event_type"].isin(drawn), "event_type"].value_counts().sort_index()
    others = "; ".join(f"{kind} {number_of:,}" for kind, number_of in rest.items())
    undrawn = f" In the event log but not drawn here: {others}." if others else ""
    return f"One mark for each kind and UTC day, larger when there were more: {totals}.{none}{undrawn}"


def _by_day(rows: pd.DataFrame) -> pd.DataFrame:
    """Number of events and a line of text for each UTC day, indexed by day."""
    if rows.empty:
        return pd.DataFrame({"count": [], "text": []}, index=pd.DatetimeIndex([], tz="UTC"))
    grouped = rows.groupby(rows["ts"].dt.floor("D"))
    return pd.DataFrame({"count": grouped.size(), "text": grouped["event_type"].agg(_counted)})


def _counted(kinds: pd.Series) -> str:
    return ", ".join(f"{number_of} × {kind}" for kind, number_of in kinds.value_counts().sort_index().items())
