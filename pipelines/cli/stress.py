"""`basis stress`: what sudden moves of the market would have done to a mode."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from engine.errors import BasisError
from pipelines import progress
from pipelines.backtest import BacktestRequest
from pipelines.cli.options import (
    Capital,
    ConfigDir,
    DataDir,
    End,
    NoProxies,
    Overrides,
    Start,
    day,
    open_project,
    overrides,
)
from pipelines.cli.results import print_table
from pipelines.stress import COLUMNS, StressTest, cells, run_stress
from pipelines.warehouse.formatting import OutputFormat, render

LEFT = ("scenario", "verdict", "against", "note")


def register(app: typer.Typer) -> None:
    app.command("stress")(stress)


def stress(
    mode: Annotated[str, typer.Argument(help="name of a file in configs/modes")],
    data: DataDir = None,
    start: Start = None,
    end: End = None,
    at: Annotated[
        str | None, typer.Option("--at", help="hour the shocks start at", show_default="the middle of the window")
    ] = None,
    capital: Capital = None,
    settings: Overrides = None,
    no_proxies: NoProxies = False,
    output: Annotated[OutputFormat, typer.Option("--format", help="how to print the table")] = OutputFormat.TABLE,
    config: ConfigDir = None,
) -> None:
    """Run a mode through every stress scenario that concerns it; nothing is published."""
    project = open_project(config)
    request = BacktestRequest(
        mode,
        start=day(start, "--start"),
        end=day(end, "--end"),
        initial_capital=capital,
        overrides=overrides(settings),
        data_dir=data,
        allow_proxies=not no_proxies,
    )
    with progress.bars():
        done = run_stress(project, request, _hour(at))
    if output is not OutputFormat.TABLE:
        sys.stdout.write(render(done.rows(), output))
        return
    _print(done)
    typer.echo(f"page: {done.page}")


def _hour(text: str | None) -> datetime | None:
    """Errors: CFG-007 when the text is no time."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BasisError("CFG-007", "--at is not a time", expected="e.g. 2026-04-01T00:00Z", found=text) from None


def _print(done: StressTest) -> None:
    run = done.run
    table = Table(
        title=f"{run.mode.mode}, {run.start} .. {run.end}, shocks from {done.table.start}, "
        f"in {run.share_class.currency}, data: {done.panel.data_source}",
        title_justify="left",
    )
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in LEFT else "right", overflow="fold")
    for row in cells(run, done.table):
        table.add_row(*row)
    print_table(table)
