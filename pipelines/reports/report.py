"""Pages of a run: the self-contained report, and the stand-alone plots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import plotly.offline
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines.reports import figures, formatting, risk_figures, tables
from pipelines.reports.charts import Chart, NotPart
from pipelines.reports.queries import tracing_queries
from pipelines.reports.run_tables import RunTables
from pipelines.reports.verdict import TOLERANCE, Verdict, reconcile


@dataclass(frozen=True)
class Tile:
    """A headline figure, its name, and a line of context.  `tone` is '', 'good' or 'bad'."""

    name: str
    value: str
    note: str
    tone: str = ""


def environment() -> Environment:
    pages = Environment(
        loader=PackageLoader("pipelines.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(
        number=formatting.number, percent=formatting.percent, tiny=formatting.tiny, count=formatting.count,
        moment=formatting.moment, hour=formatting.hour,
    )  # fmt: skip
    pages.globals["source"] = lambda name: Markup(_template_source(pages, name))  # noqa: S704  our own files
    return pages


def report_page(run: RunTables) -> str:
    """The whole report as one HTML page: Plotly embedded once, nothing loaded from anywhere."""
    verdict = reconcile(run)
    drawn = _report_charts(run)
    return environment().get_template("report.html.j2").render(
        **_page(run),
        plotly=plotly_javascript(),
        verdict=verdict,
        tolerance=TOLERANCE,
        tiles=headline(run, verdict),
        drawn=drawn,
        charts=[chart for chart in drawn.values() if isinstance(chart, Chart)],
        monthly=tables.monthly_pnl(run),
        costs=tables.largest_costs(run),
        breaches=tables.worst_breaches(run),
        positions=tables.final_balance_sheet(run),
        inputs=tables.input_series(run),
        config_json=json.dumps(run.config, indent=2, sort_keys=True, ensure_ascii=False),
        queries=tracing_queries(run),
    )  # fmt: skip


def plot_pages(run: RunTables) -> dict[str, str]:
    """Pages by file name without suffix; they load `plotly.min.js` from their own folder."""
    template = environment().get_template("plot.html.j2")
    drawn = {
        "cumulative_pnl": figures.cumulative_pnl(run),
        "pnl_components": figures.pnl_by_source(run),
        "delta_neutrality": risk_figures.delta(run),
        "margin_ratios": risk_figures.margin_ratio(run),
    }
    page = _page(run)
    return {name: template.render(**page, chart=chart, charts=_with_figure(chart)) for name, chart in drawn.items()}


def plotly_javascript() -> Markup:
    """Plotly's own script, to stand inside a script element."""
    return Markup(plotly.offline.get_plotlyjs())  # noqa: S704  shipped with the plotly package


def headline(run: RunTables, verdict: Verdict) -> list[Tile]:
    """The figures a reader looks for first, from `results.summary` and the verdict."""
    facts, currency = run.figures, run.currency
    worst = verdict.residual
    target = f"target {formatting.percent(facts['target_apy'])}"
    if not formatting.is_absent(facts["apy_vs_target"]):
        target += f", {formatting.number(facts['apy_vs_target'] * 100, 2, signed=True)} points"
    return [
        Tile("Final NAV", f"{formatting.number(facts['final_nav'], currency.digits)} {currency.label}",
             f"from {formatting.number(run.run['initial_capital'], currency.digits)} {currency.label}"),
        Tile("Total return", formatting.percent(facts["total_return"], signed=True),
             f"over {formatting.count(facts['hours'])} hours"),
        Tile("APR", formatting.percent(facts["apr"], signed=True), "simple, per year"),
        Tile("APY", formatting.percent(facts["apy"], signed=True), target),
        *_money_weighted(run),
        Tile("Max drawdown", formatting.percent(-abs(facts["max_drawdown"])), "hourly, from the highest NAV"),
        Tile("Sharpe", formatting.number(facts["sharpe"]),
             f"volatility {formatting.percent(facts['volatility'])} a year"),
        Tile("Max |residual|", f"{formatting.tiny(abs(worst.worst_amount))} {currency.label}",
             "reconciles" if verdict.passed else "does not reconcile", "good" if verdict.passed else "bad"),
    ]  # fmt: skip


def _money_weighted(run: RunTables) -> list[Tile]:
    """Beside the time-weighted return, where money came and went."""
    flows = run.hourly_pnl["net_flows"]
    if not flows.any():
        return []
    rate = formatting.percent(run.figures["money_weighted_return"], signed=True)
    amount = formatting.number(flows.sum(), run.currency.digits, signed=True)
    return [Tile("Money-weighted return", rate, f"per year, with net flows of {amount} {run.currency.label}")]


def _report_charts(run: RunTables) -> Mapping[str, Chart | NotPart]:
    return {
        "nav": figures.nav_and_drawdown(run),
        "sources": figures.pnl_by_source(run),
        "funding": figures.funding_by_venue(run),
        "margin": risk_figures.margin_ratio(run),
        "ltv": risk_figures.loan_to_value(run),
        "health": risk_figures.health_factor(run),
        "delta": risk_figures.delta(run),
        "costs": figures.costs_by_kind(run),
        "events": risk_figures.event_timeline(run),
        "residual": figures.residual(run),
    }


def _page(run: RunTables) -> dict[str, Any]:
    return {"run": run.run, "facts": run.figures, "currency": run.currency, "synthetic": run.is_synthetic}


def _with_figure(chart: Chart | NotPart) -> list[Chart]:
    return [chart] if isinstance(chart, Chart) else []


def _template_source(pages: Environment, name: str) -> str:
    loader = pages.loader
    if loader is None:
        raise RuntimeError("the page templates have no loader")
    return loader.get_source(pages, name)[0]
