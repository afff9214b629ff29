"""`basis backtest`: one mode from raw files to report."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines import progress
from pipelines.backtest import BacktestRequest, run_mode
from pipelines.cli.options import (
    Capital,
    CloseAtEnd,
    ConfigDir,
    DataDir,
    End,
    Flows,
    NoProxies,
    Overrides,
    Start,
    cash_flows,
    day,
    open_project,
    overrides,
)
from pipelines.cli.results import print_results
from pipelines.run_reports import read_run, write_run_reports


def register(app: typer.Typer) -> None:
    app.command("backtest")(backtest)


def backtest(
    mode: Annotated[str, typer.Argument(help="name of a file in configs/modes")],
    data: DataDir = None,
    start: Start = None,
    end: End = None,
    capital: Capital = None,
    settings: Overrides = None,
    flows: Flows = None,
    close_at_end: CloseAtEnd = False,
    no_proxies: NoProxies = False,
    config: ConfigDir = None,
) -> None:
    """Run one mode, publish its results and write its report."""
    project = open_project(config)
    request = BacktestRequest(
        mode,
        start=day(start, "--start"),
        end=day(end, "--end"),
        initial_capital=capital,
        overrides=overrides(settings),
        data_dir=data,
        allow_proxies=not no_proxies,
        cash_flows=cash_flows(flows),
        close_at_end=close_at_end,
    )
    with progress.bars():
        done = run_mode(project, request)
        files = write_run_reports(project, read_run(project, done.run_id))
    print_results(project, [done.run_id])
    print_path("report", files.report_html)


def print_path(label: str, path: object) -> None:
    typer.echo(f"{label}: {path}")
