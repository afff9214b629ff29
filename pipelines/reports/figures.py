"""Charts of value and P&L: NAV and drawdown, P&L by source, funding, costs, residual."""

from __future__ import annotations

import numpy as np

from pipelines.reports.charts import Chart, Drawing, NotPart
from pipelines.reports.formatting import number, percent, tiny
from pipelines.reports.run_tables import RunTables
from pipelines.reports.theme import (
    COST_COMPONENTS,
    CRITICAL,
    INK,
    MUTED,
    component_colour,
    component_label,
    series_colours,
    time_axis,
    with_alpha,
)
from pipelines.reports.verdict import TOLERANCE, residual_ratio

NAV_COLOUR, DRAWDOWN_COLOUR, MARKET_COLOUR = "#1f4e79", "#b3261e", "#b8860b"


def nav_and_drawdown(run: RunTables) -> Chart:
    """NAV of every hour, and below it the distance from the highest NAV so far."""
    return _equity(
        run,
        "nav",
        (
            "nav_drawdown",
            "NAV and drawdown",
            "Net asset value",
            f"Top: net asset value in {run.currency.label}; the dotted line is the initial capital. "
            "Bottom: distance below the highest NAV so far.",
        ),
    )


def cumulative_pnl(run: RunTables) -> Chart:
    """Cumulative P&L of every hour, and drawdown."""
    return _equity(
        run,
        "cumulative_pnl",
        (
            "cumulative_pnl",
            "Cumulative P&L and drawdown",
            "Cumulative P&L",
            f"Top: P&L since the start in {run.currency.label}. Bottom: distance below the highest NAV so far.",
        ),
    )


def _at_market_rates(run: RunTables, drawing: Drawing, nav: np.ndarray) -> None:
    """NAV with staked ETH at the rate a DEX pays, where the run stakes and that rate is known."""
    if "market_valuation_gap" not in run.hourly_pnl:
        return
    gap = run.hourly_pnl["market_valuation_gap"].to_numpy(np.float64)
    if not np.isfinite(gap).any():
        return
    money = f"%{{y:,.{run.currency.digits}f}} {run.currency.label}"
    trace = drawing.hourly(
        nav + gap, name="At market rates", line={"color": MARKET_COLOUR, "width": 1, "dash": "dot"},
        hovertemplate=f"At market rates {money}<extra></extra>",
    )  # fmt: skip
    last = gap[np.isfinite(gap)][-1]
    drawing.note(
        "With staked ETH at the DEX rate", MARKET_COLOUR, [trace],
        f"{number(last, run.currency.digits)} {run.currency.label} at the end",
    )  # fmt: skip


def _equity(run: RunTables, column: str, words: tuple[str, str, str, str]) -> Chart:
    key, title, label, caption = words
    drawing = Drawing(run, 440)
    values = run.hourly_pnl[column].to_numpy(np.float64)
    drawdown = -np.abs(run.hourly_pnl["drawdown"].to_numpy(np.float64)) * 100
    money = f"%{{y:,.{run.currency.digits}f}} {run.currency.label}"
    top = drawing.hourly(
        values, name=label, line={"color": NAV_COLOUR, "width": 1.8}, hovertemplate=f"{label} {money}<extra></extra>"
    )
    bottom = drawing.hourly(
        drawdown, name="Drawdown", yaxis="y2", fill="tozeroy", fillcolor=with_alpha(DRAWDOWN_COLOUR, 0.14),
        line={"color": DRAWDOWN_COLOUR, "width": 1}, hovertemplate="Drawdown %{y:.3f}%<extra></extra>",
    )  # fmt: skip
    start = float(run.run["initial_capital"]) if column == "nav" else 0.0
    drawing.figure.add_shape(
        type="line", xref="paper", x0=0, x1=1, y0=start, y1=start, line={"color": MUTED, "width": 1, "dash": "dot"}
    )
    drawing.figure.update_layout(
        xaxis=time_axis(anchor="y2"),
        yaxis={"domain": [0.34, 1], "title": {"text": run.currency.label}, "tickformat": ",~r"},
        yaxis2={"domain": [0, 0.26], "title": {"text": "drawdown"}, "ticksuffix": "%", "nticks": 4,
                "rangemode": "tozero", "gridcolor": "#e3e8ed", "automargin": True, "tickfont": {"color": MUTED}},
    )  # fmt: skip
    drawing.note(label, NAV_COLOUR, [top], f"{number(values[-1], run.currency.digits)} {run.currency.label}")
    if column == "nav":
        _at_market_rates(run, drawing, values)
    drawing.note("Drawdown", DRAWDOWN_COLOUR, [bottom], f"deepest {percent(drawdown.min() / 100)}")
    return drawing.chart(key, title, caption)


def pnl_by_source(run: RunTables) -> Chart:
    """Cumulative P&L of every component, stacked: gains upwards from zero, losses and costs downwards."""
    drawing = Drawing(run, 430)
    currency = run.currency
    cumulative = {name: np.cumsum(values) for name, values in run.components().items()}
    for name in sorted(cumulative, key=lambda name: -abs(float(cumulative[name][-1]))):
        values, colour = cumulative[name], component_colour(name)
        traces = [
            drawing.stacked(
                part, name=component_label(name), stackgroup=stack, fillcolor=with_alpha(colour, 0.72),
                line={"color": colour, "width": 0.5}, hoverinfo="skip",
            )
            for stack, part in (("gains", np.maximum(values, 0.0)), ("losses", np.minimum(values, 0.0)))
            if np.any(part != 0.0)
        ]  # fmt: skip
        drawing.note(component_label(name), colour, traces, number(values[-1], currency.digits, signed=True))
    total = np.sum([*cumulative.values(), np.zeros(len(run.hours))], axis=0)
    line = drawing.hourly(
        total, name="Total", line={"color": INK, "width": 1.8},
        hovertemplate=f"Total %{{y:,.{currency.digits}f}} {currency.label}<extra></extra>",
    )  # fmt: skip
    drawing.note("Total", INK, [line], number(total[-1], currency.digits, signed=True))
    drawing.figure.update_layout(
        xaxis=time_axis(), yaxis={"title": {"text": currency.label}, "tickformat": ",~r", "zeroline": True}
    )
    return drawing.chart(
        "pnl_components", "Cumulative P&L by source",
        f"{currency.label} since the start. What earned stands above zero, what was lost or paid below; "
        "the dark line is their sum and equals the change of NAV. Sources without any value are left out.",
    )  # fmt: skip


def funding_by_venue(run: RunTables) -> Chart | NotPart:
    """Cumulative funding cash of each venue, from the settlement events."""
    settlements = run.event_rows("funding_settlement")
    title = "Cumulative funding by venue"
    if settlements.empty:
        return NotPart("funding", title, "not part of this mode, it had no funding settlement")
    drawing = Drawing(run, 330)
    venues = {str(venue): rows for venue, rows in settlements.groupby("venue", sort=True)}
    colours = series_colours(list(venues))
    for venue, rows in venues.items():
        cash = np.cumsum(run.sum_by_hour(rows, "amount"))
        trace = drawing.changes(
            cash, name=venue, line={"color": colours[venue], "width": 1.6, "shape": "hv"},
            hovertemplate=f"{venue} %{{y:,.2f}} USDT<extra></extra>",
        )  # fmt: skip
        drawing.note(venue, colours[venue], [trace], f"{number(cash[-1], 2, signed=True)} USDT")
    drawing.figure.update_layout(xaxis=time_axis(), yaxis={"title": {"text": "USDT"}, "tickformat": ",~r"})
    return drawing.chart(
        "funding", title,
        f"USDT received (paid when falling) in {len(settlements):,} settlements; every settlement is drawn.",
    )  # fmt: skip


def costs_by_kind(run: RunTables) -> Chart | NotPart:
    """Cumulative costs by kind, as positive amounts."""
    components = run.components()
    kinds = [name for name in COST_COMPONENTS if name in components]
    if not kinds:
        return NotPart("costs", "Costs by kind", "this run paid no cost")
    drawing = Drawing(run, 330)
    for name in sorted(kinds, key=lambda kind: float(components[kind].sum())):
        paid = -np.cumsum(components[name])
        label, colour = component_label(name), component_colour(name)
        trace = drawing.changes(
            paid, name=label, line={"color": colour, "width": 1.6, "shape": "hv"},
            hovertemplate=f"{label} %{{y:,.{run.currency.digits}f}} {run.currency.label}<extra></extra>",
        )  # fmt: skip
        drawing.note(label, colour, [trace], number(paid[-1], run.currency.digits))
    drawing.figure.update_layout(
        xaxis=time_axis(),
        yaxis={"title": {"text": f"{run.currency.label} paid"}, "tickformat": ",~r", "rangemode": "tozero"},
    )
    return drawing.chart(
        "costs", "Costs by kind",
        f"{run.currency.label} paid since the start, as positive amounts; each step is an hour with a cost.",
    )  # fmt: skip


def residual(run: RunTables) -> Chart:
    """|residual| as a share of NAV against the tolerance, on a logarithmic axis."""
    drawing = Drawing(run, 240)
    ratio = residual_ratio(run)
    drawn = np.where(ratio > 0.0, ratio, np.nan)
    drawing.hourly(
        drawn, mode="markers", marker={"color": NAV_COLOUR, "size": 2.5, "opacity": 0.55},
        hovertemplate="|residual| / NAV %{y:.1e}<extra></extra>",
    )  # fmt: skip
    drawing.level(TOLERANCE, CRITICAL, f"tolerance {tiny(TOLERANCE)}", log=True)
    positive = drawn[np.isfinite(drawn)]
    lowest = float(positive.min()) if len(positive) else 1e-16
    highest = max(float(positive.max()) if len(positive) else TOLERANCE, TOLERANCE)
    drawing.figure.update_layout(
        xaxis=time_axis(range=[str(run.hours[0]), str(run.hours[-1])]),
        yaxis={"type": "log", "range": [np.log10(lowest) - 0.3, np.log10(highest) + 0.9], "tickformat": ".0e",
               "title": {"text": "share of NAV"}, "dtick": 2},
        hovermode="closest",
    )  # fmt: skip
    zero = int((ratio == 0.0).sum())
    return drawing.chart(
        "residual", "Unexplained P&L of every hour",
        f"|residual| / NAV on a logarithmic scale. {zero:,} of {len(ratio):,} hours have exactly zero "
        "and cannot stand on this scale.",
    )  # fmt: skip
