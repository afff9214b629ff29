"""The table of results a person sees at the end of a command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.project import Project

QUERY = """
SELECT r.mode, r.window_start, r.window_end, r.share_class, s.final_nav, s.apr, s.max_drawdown, s.max_abs_residual,
       r.data_source, s.proxied_rows, r.run_id
FROM results.runs AS r JOIN results.summary AS s USING (run_id)
WHERE list_contains($runs, r.run_id) ORDER BY r.mode, r.run_id
"""
PIPED_WIDTH = 180
COLUMNS = ("mode", "window (UTC)", "final NAV", "APR", "max drawdown", "max |residual|", "data", "proxied rows")


def print_results(project: Project, run_ids: Sequence[str]) -> None:
    """One line per run on standard output, read back from the warehouse."""
    with project.lake.connect() as connection:
        rows = connection.execute(QUERY, {"runs": list(run_ids)}).fetchall()
    table = Table(title="results", title_justify="left")
    for position, name in enumerate(COLUMNS):
        table.add_column(name, justify="left" if position in (0, 1, 6) else "right", overflow="fold")
    for row in rows:
        table.add_row(*_cells(project, *row[:-1]))
    print_table(table)


def print_table(table: Table) -> None:
    """On standard output, as wide as the terminal; wide enough for every column where it is not one."""
    Console(width=None if Console().is_terminal else PIPED_WIDTH).print(table)


def _cells(
    project: Project, mode: str, start: Any, end: Any, share_class: str, nav: float, apr: float | None,
    drawdown: float, residual: float, source: str, proxied: int,
) -> tuple[str, ...]:  # fmt: skip
    currency = project.configuration.share_classes[share_class].currency
    money = f"{nav:,.2f}" if currency == "USDT" else f"{nav:,.6f}"
    return (
        mode,
        f"{start:%Y-%m-%d} .. {end:%Y-%m-%d}",
        f"{money} {currency}",
        "" if apr is None else f"{apr:.2%}",
        f"{drawdown:z.2%}",
        f"{residual:.1e}",
        source,
        f"{proxied:,}",
    )
