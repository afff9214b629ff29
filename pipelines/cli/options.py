"""Options that several commands share, and the values they are read into."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import BasisError, Problem
from pipelines import logs
from pipelines.project import PROJECT_ROOT, Project, sweep

ConfigDir = Annotated[Path | None, typer.Option("--config", help="another configs folder", show_default="configs")]
DataDir = Annotated[Path | None, typer.Option("--data", help="folder of raw files", show_default="BASIS_DATA_DIR")]
Start = Annotated[
    str | None, typer.Option("--start", help="first day, YYYY-MM-DD", show_default="BASIS_DATA_START_DATE")
]
End = Annotated[
    str | None, typer.Option("--end", help="last day, included, YYYY-MM-DD", show_default="BASIS_DATA_END_DATE")
]
Capital = Annotated[
    float | None, typer.Option("--capital", help="in the share class's currency", show_default="the mode's")
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="override a key of the mode, e.g. target_apy=0.1")
]
Flows = Annotated[
    list[str] | None,
    typer.Option("--flow", metavar="HOUR=AMOUNT", help="deposit or withdrawal, e.g. 2026-02-01T00:00Z=+10000"),
]
CloseAtEnd = Annotated[bool, typer.Option("--close-at-end", help="leave every position at the last hour")]
NoProxies = Annotated[bool, typer.Option("--no-proxies", help="refuse instead of using declared proxies and fills")]


def open_project(config_dir: Path | None, stderr_level: str | None = None) -> Project:
    """The project with its logs set up."""
    project = Project.open(PROJECT_ROOT, config_dir.resolve() if config_dir is not None else None)
    logs.configure(project.settings.log_level, stderr_level)
    sweep(project.lake)
    return project


def day(text: str | None, option: str) -> date | None:
    """Errors: CFG-007 when the text is no calendar day."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BasisError("CFG-007", f"{option} is not a day", expected="YYYY-MM-DD", found=text) from None


def overrides(settings: list[str] | None) -> dict[str, str]:
    """``["limits.max_seconds=60"]`` → ``{"limits.max_seconds": "60"}``; the mode's schema reads the text.

    Errors: CFG-007 with a problem per text that is no assignment.
    """
    pairs = [text.partition("=") for text in settings or []]
    problems = [Problem("CFG-007", "--set", key, None, "KEY=VALUE") for key, sign, _ in pairs if not sign or not key]
    if problems:
        raise BasisError.from_problems(problems, "an override cannot be read")
    return {key.strip(): value for key, _, value in pairs}


def cash_flows(texts: list[str] | None) -> tuple[tuple[str, str], ...]:
    """``["2026-02-01T00:00Z=+10000"]`` → ``(("2026-02-01T00:00Z", "+10000"),)``; the request reads both parts.

    Errors: CFG-007 with a problem per text of another form.
    """
    pairs = [text.partition("=") for text in texts or []]
    problems = [Problem("CFG-007", "--flow", key, None, "HOUR=AMOUNT") for key, sign, _ in pairs if not sign or not key]
    if problems:
        raise BasisError.from_problems(problems, "a cash flow cannot be read")
    return tuple((hour.strip(), amount.strip()) for hour, _, amount in pairs)
