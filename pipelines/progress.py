"""Progress of long work, told to whoever listens.

Library code calls ``report(stage, done, total)``; who shows it is decided outside (a terminal's bars,
nobody in a Dagster run started from the UI).  The listener travels in a context variable so that it
reaches code that is called through Dagster as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

OnProgress = Callable[[str, float, float], None]
"""``(stage, done, total)``; ``done`` equals ``total`` when the stage is finished."""

console = Console(stderr=True)
"""Where progress, logs and refusals go; results go to standard output."""

_listener: ContextVar[OnProgress | None] = ContextVar("basis_progress_listener", default=None)


def report(stage: str, done: float, total: float) -> None:
    """Tell the current listener, if there is one."""
    listener()(stage, done, total)


def listener() -> OnProgress:
    """The current listener; one that does nothing when nobody listens."""
    return _listener.get() or _nobody


def _nobody(_stage: str, _done: float, _total: float) -> None:
    return None


@contextmanager
def listening(callback: OnProgress) -> Iterator[None]:
    """Send every ``report`` inside the block to ``callback``."""
    token = _listener.set(callback)
    try:
        yield
    finally:
        _listener.reset(token)


class _Bars:
    """One bar a stage, made when the stage is first heard of."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: float, total: float) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)


@contextmanager
def bars() -> Iterator[None]:
    """Show every stage reported inside the block as a bar on standard error."""
    columns = (
        SpinnerColumn(finished_text="[green]✓[/green]"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress, listening(_Bars(progress)):
        yield
