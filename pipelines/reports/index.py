"""The page that lists all runs with their key figures and leads to each report."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from engine.errors import BasisError, Problem
from pipelines.reports.formatting import is_absent
from pipelines.reports.report import environment
from pipelines.reports.run_tables import CURRENCIES
from pipelines.reports.theme import series_colours

INDEX_COLUMNS = (
    "run_id", "mode", "share_class", "window_start", "window_end", "initial_capital", "data_source", "status",
    "finished_at", "is_latest", "final_nav", "apr", "apy", "max_drawdown", "max_abs_residual", "proxied_rows",
)  # fmt: skip


def write_index(results_dir: Path, runs: pd.DataFrame) -> Path:
    """Write `results_dir/index.html` atomically: newest run first, each linked to `<run_id>/report.html` if there.

    `runs` is `results.runs LEFT JOIN results.summary USING (run_id)` with `INDEX_COLUMNS`; times aware.
    Raises `BasisError` DATA-008 naming every missing column.
    """
    missing = [column for column in INDEX_COLUMNS if column not in runs.columns]
    if missing:
        raise BasisError.from_problems(
            [Problem("DATA-008", "runs", column, None, "a column of that name") for column in missing],
            "the list of runs lacks columns",
        )
    results_dir.mkdir(parents=True, exist_ok=True)
    ordered = runs.sort_values(["finished_at", "run_id"], ascending=[False, True], na_position="last")
    colours = series_colours(sorted(set(ordered["mode"])))
    rows = [
        {
            **row,
            "drawdown": None if is_absent(row["max_drawdown"]) else -abs(row["max_drawdown"]),
            "currency": CURRENCIES[row["share_class"]],
            "colour": colours[row["mode"]],
            "synthetic": "synthetic" in str(row["data_source"]).lower(),
            "has_report": (results_dir / str(row["run_id"]) / "report.html").is_file(),
        }
        for row in ordered.to_dict("records")
    ]
    page = environment().get_template("index.html.j2").render(rows=rows)
    target = results_dir / "index.html"
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=results_dir, prefix=".index-", suffix=".html", delete=False
    ) as staged:
        staged.write(page)
    Path(staged.name).chmod(0o644)
    return Path(staged.name).replace(target)
