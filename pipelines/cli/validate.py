"""`basis validate`: configuration and raw files against everything that is declared about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.table import Table

from engine.errors import BasisError
from pipelines import progress
from pipelines.backtest import BacktestRequest, effective_request
from pipelines.cli.options import ConfigDir, DataDir, End, NoProxies, Start, day, open_project
from pipelines.cli.results import print_table
from pipelines.ingest import ingest, required_datasets, update_market
from pipelines.market.panel import build_panel
from pipelines.project import Project
from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset_files import load_unused_files, undeclared_files
from pipelines.validation.records import DatasetLoad


def register(app: typer.Typer) -> None:
    app.command("validate")(validate)


def validate(
    data: DataDir = None,
    mode: Annotated[str | None, typer.Option(help="only this mode's data, and whether its window is covered")] = None,
    start: Start = None,
    end: End = None,
    no_proxies: NoProxies = False,
    config: ConfigDir = None,
) -> None:
    """Check the configuration and every dataset, load what is sound, and list every problem of the rest."""
    project = open_project(config)
    request = BacktestRequest(mode or "", day(start, "--start"), day(end, "--end"), allow_proxies=not no_proxies)
    run = effective_request(project, request) if mode is not None else None
    root = project.data_root(data)
    names = list(project.datasets) if run is None else required_datasets(run.mode, project.datasets)
    with progress.bars():
        loads = ingest(project, root, names)
        market = update_market(project, root, loads)
    _print_loads(loads)
    if run is None:
        _print_undeclared(project, root)
    _refuse_blocked(root, loads)
    if run is not None:
        panel = build_panel(run, market)
        for apart in panel.divergences:
            typer.echo(
                f"warning: {apart.series} more than 0.5 % apart in {apart.hours} hours, "
                f"most at {apart.at}: {apart.worst:.2%}"
            )
        typer.echo(f"{mode} is covered from {run.start} to {run.end}: {panel.proxied_rows:,} proxied rows")


def _print_loads(loads: Mapping[str, DatasetLoad]) -> None:
    table = Table(title="datasets", title_justify="left")
    for name in ("dataset", "rows", "first", "last", "gaps", "missing", "quarantined", "warnings", "problems"):
        table.add_column(name, justify="left" if name in ("dataset", "first", "last") else "right", overflow="fold")
    for name, load in sorted(loads.items()):
        warnings = sum(not check.passed and check.severity == "warning" for check in load.checks)
        missing = sum(gap.missing for gap in load.gaps)
        span = [f"{ts:%Y-%m-%d %H:%M}" if ts else "absent" for ts in (load.first_ts, load.last_ts)]
        counts = (len(load.gaps), missing, len(load.quarantine), warnings, len(load.problems))
        table.add_row(name, f"{load.rows.num_rows:,}", *span, *(f"{count:,}" if count else "" for count in counts))
    print_table(table)


def _print_undeclared(project: Project, root: DataRoot) -> None:
    for name in undeclared_files(root, project.datasets, load_unused_files(project.configs_dir / "datasets")):
        typer.echo(f"not declared anywhere, so not read: {name}")


def _refuse_blocked(root: DataRoot, loads: Mapping[str, DatasetLoad]) -> None:
    problems = [problem for load in loads.values() for problem in load.problems]
    if problems:
        blocked = ", ".join(sorted(name for name, load in loads.items() if load.blocked))
        raise BasisError.from_problems(problems, f"{root.path} is not sound; blocked: {blocked}")
