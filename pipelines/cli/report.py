"""`basis report`: write the files of a published run again."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines import progress
from pipelines.cli.backtest import print_path
from pipelines.cli.options import ConfigDir, open_project
from pipelines.cli.results import print_results
from pipelines.run_reports import read_run, write_run_reports


def register(app: typer.Typer) -> None:
    app.command("report")(report)


def report(
    run_id: Annotated[str, typer.Argument(help="a published run, see results.runs")],
    config: ConfigDir = None,
) -> None:
    """Write report, plots and CSV files of a published run, for example when it was killed before it could."""
    project = open_project(config)
    with progress.bars():
        files = write_run_reports(project, read_run(project, run_id))
    print_results(project, [run_id])
    print_path("report", files.report_html)
