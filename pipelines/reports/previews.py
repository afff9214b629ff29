"""Short Markdown previews of a run for the pipeline's metadata; no images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.reports.formatting import count, moment, number, percent
from pipelines.reports.report import headline
from pipelines.reports.run_tables import RunTables
from pipelines.reports.theme import component_label
from pipelines.reports.verdict import reconcile

_BARS = "▁▂▃▄▅▆▇█"


def summary_markdown(run: RunTables) -> str:
    """Mode, window, source, verdict and headline figures, with the course of NAV as a line of bars."""
    verdict = reconcile(run)
    facts = run.run
    lines = [f"**{facts['mode']}** · {moment(facts['window_start'])} to {moment(run.hourly_pnl['ts'].iloc[-1])}", ""]
    if run.is_synthetic:
        lines += ["**SYNTHETIC DATA: not a result**", ""]
    lines += ["| figure | value | |", "|---|---:|---|"]
    lines += [f"| {_cell(tile.name)} | {_cell(tile.value)} | {_cell(tile.note)} |" for tile in headline(run, verdict)]
    lines += [
        f"| Data source | {_cell(str(facts['data_source']))} | {count(run.figures['proxied_rows'])} proxied rows |",
        f"| Reconciliation | **{'PASS' if verdict.passed else 'FAIL'}** | {len(verdict.checks)} checks, every hour |",
        "",
        f"NAV `{sparkline(run.hourly_pnl['nav'].to_numpy(np.float64))}`",
    ]
    return "\n".join(lines)


def attribution_markdown(run: RunTables) -> str:
    """P&L of the whole window by component, largest first, and as a share of the initial capital."""
    capital = float(run.run["initial_capital"])
    digits = run.currency.digits
    totals = {name: float(values.sum()) for name, values in run.components().items()}
    ordered = sorted(totals.items(), key=lambda item: (-abs(item[1]), item[0]))
    lines = [f"| source | P&L, {run.currency.label} | of capital |", "|---|---:|---:|"]
    for name, pnl in ordered:
        label = component_label(name)
        lines.append(f"| {_cell(label)} | {number(pnl, digits, signed=True)} | {percent(pnl / capital, signed=True)} |")
    total = sum(totals.values())
    share = percent(total / capital, signed=True)
    lines.append(f"| **Sum** | **{number(total, digits, signed=True)}** | **{share}** |")
    return "\n".join(lines)


def sparkline(values: NDArray[np.float64], width: int = 40) -> str:
    """The course of a series as `width` bars: the last value of each equal stretch, lowest to highest."""
    at = np.unique(np.linspace(0, len(values) - 1, width).astype(np.int64))
    picked = values[at]
    low, span = picked.min(), np.ptp(picked)
    levels = ((picked - low) / (span or 1.0) * 7).round().astype(np.int64)
    return "".join(_BARS[level] for level in levels)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
