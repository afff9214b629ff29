"""Files of a run for people: JSON, CSV and HTML, written whole or not at all."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import plotly.offline

from pipelines.reports.report import plot_pages, report_page
from pipelines.reports.run_tables import Currency, RunTables, naive_utc
from pipelines.reports.theme import COMPONENTS
from pipelines.reports.verdict import TOLERANCE, reconcile

MONEY_FIGURES = ("final_nav", "total_costs", "max_abs_residual")
"""Columns of `results.summary` that are amounts in the run's currency."""


@dataclass(frozen=True)
class ReportFiles:
    """Where the files of a run are.  `plots` by name, without suffix."""

    folder: Path
    summary_json: Path
    hourly_pnl_csv: Path
    event_log_csv: Path
    balance_sheet_csv: Path
    report_html: Path
    plots: dict[str, Path]


def write_reports(run: RunTables, out_dir: Path) -> ReportFiles:
    """Write all files of a run into `out_dir`, replacing those of the same name.

    Everything is first written beside its place; then each file is moved into place by an atomic rename,
    `summary.json` last.  A reader never sees half a file, a failure leaves earlier files as they were, and
    a folder with a `summary.json` of this run has all the others.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=out_dir) as temporary:
        staged = Path(temporary)
        _write_all(run, staged)
        names = sorted(path.relative_to(staged) for path in staged.rglob("*") if path.is_file())
        for name in sorted(names, key=lambda name: (name.name == "summary.json", name)):
            (out_dir / name).parent.mkdir(exist_ok=True)
            (staged / name).replace(out_dir / name)
    return ReportFiles(
        folder=out_dir,
        summary_json=out_dir / "summary.json",
        hourly_pnl_csv=out_dir / "hourly_pnl.csv",
        event_log_csv=out_dir / "event_log.csv",
        balance_sheet_csv=out_dir / "balance_sheet.csv",
        report_html=out_dir / "report.html",
        plots={name.stem: out_dir / name for name in names if name.parts[0] == "plots" and name.suffix == ".html"},
    )


def _write_all(run: RunTables, folder: Path) -> None:
    plots = folder / "plots"
    plots.mkdir()
    for name, page in plot_pages(run).items():
        (plots / f"{name}.html").write_text(page, encoding="utf-8")
    (plots / "plotly.min.js").write_text(plotly.offline.get_plotlyjs(), encoding="utf-8")
    (folder / "report.html").write_text(report_page(run), encoding="utf-8")
    hourly_pnl(run).to_csv(folder / "hourly_pnl.csv", index=False)
    event_log(run).to_csv(folder / "event_log.csv", index=False)
    balance_sheet(run).to_csv(folder / "balance_sheet.csv", index=False)
    (folder / "summary.json").write_bytes(orjson.dumps(summary(run), option=orjson.OPT_INDENT_2))


def summary(run: RunTables) -> dict[str, Any]:
    """Identity, figures, P&L by component and verdict of a run; amounts carry the currency in their name."""
    facts, currency = run.run, run.currency
    verdict = reconcile(run)
    identity = ("run_id", "mode", "share_class", "window_start", "window_end", "data_source", "status", "config_hash",
                "code_version", "data_version", "result_digest", "started_at", "finished_at")  # fmt: skip
    return {
        **{name: _plain(facts[name]) for name in identity},
        "currency": currency.label,
        "synthetic_data": run.is_synthetic,
        f"initial_capital_{currency.suffix}": _plain(facts["initial_capital"]),
        **{
            f"{name}_{currency.suffix}" if name in MONEY_FIGURES else name: _plain(value)
            for name, value in run.figures.items()
            if name != "run_id"
        },
        f"pnl_by_component_{currency.suffix}": {
            name: float(values.sum()) for name, values in sorted(run.components().items())
        },
        "reconciliation": {
            "passed": verdict.passed,
            "tolerance_share_of_nav": TOLERANCE,
            f"nav_change_{currency.suffix}": verdict.nav_change,
            f"components_sum_{currency.suffix}": verdict.components_sum,
            "checks": [
                {"name": check.name, "passed": check.passed, "worst_share_of_nav": check.worst,
                 f"worst_{currency.suffix}": check.worst_amount, "hour": _plain(check.hour)}
                for check in verdict.checks
            ],
        },
    }  # fmt: skip


def hourly_pnl(run: RunTables) -> pd.DataFrame:
    """One row per hour: NAV, flows, net P&L, drawdown, residual, and one column per P&L component."""
    hourly, currency = run.hourly_pnl, run.currency
    amounts = {"nav": "nav", "net_flows": "net_flows", "pnl": "net_pnl", "cumulative_pnl": "cumulative_net_pnl"}
    table = pd.DataFrame({"timestamp": iso(hourly["ts"])})
    for column, name in amounts.items():
        table[f"{name}_{currency.suffix}"] = hourly[column]
    table["drawdown"] = hourly["drawdown"]
    components = run.components()
    for name in [name for name in COMPONENTS if name in components] + sorted(set(components) - set(COMPONENTS)):
        table[f"{name}_{currency.suffix}"] = components[name]
    table[f"residual_{currency.suffix}"] = hourly["residual"]
    return table


def event_log(run: RunTables) -> pd.DataFrame:
    """One row per event in order.  With postings: the touched balances after it, in stored units, as JSON."""
    events = run.events
    columns = ["seq", "event_type", "venue", "token", "amount", "price", "bundle_id", "leg", "status", "reason"]
    table = events[columns].copy()
    table.insert(1, "timestamp", iso(events["ts"]))
    table[_money("cost_total", run.currency)] = events["cost_total"]
    if run.postings is not None:
        after = {seq: orjson.dumps(dict(rows)).decode() for seq, rows in _balances_by_event(run.postings).items()}
        table["balances_after"] = events["seq"].map(after)
    table["details_json"] = events["details_json"]
    return table


def _balances_by_event(postings: pd.DataFrame) -> dict[int, list[tuple[str, float]]]:
    """(position key, balance after) of the postings of each event, in order; a later leg wins."""
    balances: dict[int, list[tuple[str, float]]] = {}
    for seq, key, balance in zip(postings["seq"], postings["position_key"], postings["balance_after"], strict=True):
        balances.setdefault(seq, []).append((key, float(balance)))
    return balances


def balance_sheet(run: RunTables) -> pd.DataFrame:
    """One row per hour and position; the values of an hour add up to its NAV."""
    sheet, currency = run.balance_sheet, run.currency
    parts = sheet["position_key"].str.split(":", n=2, expand=True)
    return pd.DataFrame(
        {
            "timestamp": iso(sheet["ts"]),
            "position_key": sheet["position_key"],
            "venue": parts[0],
            "position_type": parts[1],
            "symbol": parts[2],
            "quantity": sheet["quantity"],
            _money("unit_value", currency): sheet["unit_value"],
            _money("value", currency): sheet["value"],
        }
    )


def iso(times: pd.Series) -> Any:
    """`2024-05-12T00:00:00Z` for each time, shape (n,)."""
    return np.char.add(np.datetime_as_string(naive_utc(times), unit="s"), "Z")


def _money(column: str, currency: Currency) -> str:
    return f"{column}_{currency.suffix}"


def _plain(value: Any) -> Any:
    """A value JSON knows; not-a-number becomes null."""
    if isinstance(value, pd.Timestamp):
        return value.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
