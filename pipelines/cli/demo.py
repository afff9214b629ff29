"""`basis demo`: the sample market, every mode through Dagster, and the reports."""

from __future__ import annotations

from datetime import timedelta

import typer

from engine.errors import BasisError
from pipelines import progress
from pipelines.cli.backtest import print_path
from pipelines.cli.options import open_project
from pipelines.cli.results import print_results
from pipelines.cli.sample import SAMPLE_DAYS, SAMPLE_SEED, SAMPLE_START, make_sample
from pipelines.project import SAMPLE_DIR, dagster_home


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo() -> None:
    """Make the sample, materialise everything for every mode the engine can run, and show the results."""
    project = open_project(None, stderr_level="WARNING")
    dagster_home()
    from pipelines.defs.headless import materialise  # Dagster takes a second to import; other commands do without

    with progress.bars():
        make_sample(SAMPLE_DIR, SAMPLE_START, SAMPLE_DAYS, SAMPLE_SEED)
        done = materialise(data_dir=SAMPLE_DIR, start=SAMPLE_START, end=SAMPLE_START + timedelta(days=SAMPLE_DAYS - 1))
    run_ids = [one.run_id for one in done if one.run_id is not None]
    print_results(project, run_ids)
    for run_id in run_ids:
        print_path("report", project.results_dir / run_id / "report.html")
    print_path("all runs", project.results_dir / "index.html")
    failed = {one.mode: one.failure for one in done if one.failure is not None}
    if failed:
        raise BasisError("BT-001", f"{', '.join(failed)} failed", found="\n".join(failed.values()))
