"""`basis sample`: the synthetic market, in the layout of real raw files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines import progress
from pipelines.cli.options import day
from pipelines.project import SAMPLE_DIR
from pipelines.sources.sample import SampleManifest, generate_sample

SAMPLE_START, SAMPLE_DAYS, SAMPLE_SEED = date(2026, 1, 1), 180, 42


def register(app: typer.Typer) -> None:
    app.command("sample")(sample)


def sample(
    target: Annotated[Path, typer.Option("--to", help="folder to write")] = SAMPLE_DIR,
    days: Annotated[int, typer.Option(help="whole days")] = SAMPLE_DAYS,
    start: Annotated[str, typer.Option(help="first day, YYYY-MM-DD")] = SAMPLE_START.isoformat(),
    seed: Annotated[int, typer.Option(help="another seed is another market")] = SAMPLE_SEED,
) -> None:
    """Write a seeded synthetic market; a folder that holds it already is left alone."""
    first = day(start, "--start")
    with progress.bars():
        manifest = make_sample(target, first or SAMPLE_START, days, seed)
    state = "written" if manifest.created else "there already"
    Console().print(f"{len(manifest.files)} files {state}: {manifest.root}", soft_wrap=True)


def make_sample(target: Path, start: date, days: int, seed: int) -> SampleManifest:
    """Generate, telling the progress listener."""
    return generate_sample(
        target, seed, start, days, lambda _file, done, total: progress.report("sample market", done, total)
    )
