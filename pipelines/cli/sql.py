"""`basis sql`: questions to the warehouse."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import BasisError
from pipelines.project import PROJECT_ROOT
from pipelines.warehouse.formatting import OutputFormat, render
from pipelines.warehouse.query import run_sql

PIPED_WIDTH = 200


def register(app: typer.Typer) -> None:
    app.command("sql")(sql)


def sql(
    text: Annotated[str | None, typer.Argument(help="one or more statements")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="a file with statements")] = None,
    output: Annotated[OutputFormat, typer.Option("--format", help="how to print the answer")] = OutputFormat.TABLE,
    rows: Annotated[int, typer.Option(help="rows of a table to print")] = 200,
) -> None:
    """Run SQL over market.*, quality.*, observed.* and results.*; nothing in the warehouse can be changed."""
    if (text is None) == (file is None):
        raise BasisError("CFG-007", "give the statement or --file, one of them", expected='basis sql "show all tables"')
    if file is not None:
        if not file.is_file():
            raise BasisError("CFG-007", "there is no such SQL file", looked_in=str(file.resolve()))
        text = file.read_text(encoding="utf-8")
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    sys.stdout.write(render(run_sql(str(text), PROJECT_ROOT), output, max_rows=rows, width=width))
