"""Seconds of each stage on the sample market: loading everything, then every mode from files to report.

Run it with `make bench`.  The second column repeats the stage when nothing has changed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from engine.strategies.factory import STRATEGIES
from pipelines import logs
from pipelines.backtest import BacktestRequest, run_mode
from pipelines.cli.sample import SAMPLE_DAYS, SAMPLE_SEED, SAMPLE_START
from pipelines.ingest import ingest, update_market
from pipelines.project import Project
from pipelines.run_reports import read_run, write_run_reports
from pipelines.sources.sample import generate_sample


def seconds(work: Callable[[], object]) -> str:
    started = time.perf_counter()
    work()
    return f"{time.perf_counter() - started:.2f}"


def main() -> None:
    logs.configure("WARNING")
    table = Table("stage", "first, s", "again, s")
    with tempfile.TemporaryDirectory() as folder:
        project = replace(Project.open(), root=Path(folder))
        sample = Path(folder) / "sample"

        def make() -> None:
            generate_sample(sample, SAMPLE_SEED, SAMPLE_START, SAMPLE_DAYS)

        table.add_row("sample market", seconds(make), seconds(make))
        root = project.data_root(sample)

        def load() -> None:
            update_market(project, root, ingest(project, root, project.datasets))

        table.add_row("all datasets and market tables", seconds(load), seconds(load))
        for name, mode in sorted(project.configuration.modes.items()):
            if mode.strategy not in STRATEGIES:
                continue
            runs: list[str] = []

            def run(name: str = name, runs: list[str] = runs) -> None:
                runs.append(run_mode(project, BacktestRequest(name, data_dir=sample)).run_id)

            def report(runs: list[str] = runs) -> None:
                write_run_reports(project, read_run(project, runs[-1]))

            table.add_row(f"backtest {name}", seconds(run), seconds(run))
            table.add_row(f"report {name}", seconds(report), seconds(report))
    Console().print(table)


if __name__ == "__main__":
    main()
