"""Structured logs: JSON lines per run in its results folder, readable lines on standard error.

``configure`` sets levels for a process; ``run_log`` around a run binds its id to every record and sends the
records of that run, and of no other, to its file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from rich.logging import RichHandler

from engine.errors import BasisError
from pipelines.progress import console

LOG_FILE = "run.log.jsonl"
_LOGGER = "basis"
_SECRET_WORDS = ("secret", "api_key", "password", "private_key", "passphrase", "token_value")
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def _mask_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
    return event


def get_logger() -> Any:
    """The logger of the pipeline; keyword arguments become fields."""
    return structlog.stdlib.get_logger(_LOGGER)


def _is_configured() -> bool:
    return any(isinstance(handler, RichHandler) for handler in logging.getLogger(_LOGGER).handlers)


def configure(level: str, stderr_level: str | None = None) -> None:
    """Set the level (BASIS_LOG_LEVEL) of files and, when it differs, of standard error; may be called again."""
    structlog.configure(
        processors=[*_SHARED, _mask_secrets, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    logger = logging.getLogger(_LOGGER)
    logger.setLevel(level)
    logger.propagate = False
    for handler in [handler for handler in logger.handlers if isinstance(handler, RichHandler)]:
        logger.removeHandler(handler)
    human = RichHandler(console=console, show_path=False, show_level=True, markup=False)
    human.setLevel(stderr_level or level)
    human.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _readable],
        )
    )
    logger.addHandler(human)


_ONLY_IN_FILE = frozenset({
    "event", "level", "timestamp", "exc_info", "run_id", "stack_trace", "problems", "context", "resolution",
    "expected", "looked_in", "found", "severity", "component",
})  # fmt: skip


def _readable(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """``event key=value …``; the rich handler shows time and level, a refusal is printed whole elsewhere."""
    fields = {key: value for key, value in event.items() if key not in _ONLY_IN_FILE and value is not None}
    return " ".join([str(event["event"]), *(f"{key}={value}" for key, value in fields.items())])


@contextmanager
def run_log(run_id: str, folder: Path, level: str) -> Iterator[Any]:
    """Bind ``run_id`` to every record inside the block and append them as JSON lines to the run's folder.

    ``level`` counts where ``configure`` was not called before.
    """
    if not _is_configured():
        configure(level)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(folder / LOG_FILE, encoding="utf-8")
    except OSError as error:
        raise BasisError(
            "CFG-005",
            f"cannot write {folder}: {error.strerror}",
            expected="a folder that can be created and written",
            looked_in="BASIS_RESULTS_DIR",
            resolution="free the path, allow writing to it, or name another folder in BASIS_RESULTS_DIR",
        ) from error
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _TRACEBACKS,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.addFilter(lambda _record: structlog.contextvars.get_contextvars().get("run_id") == run_id)
    logger = logging.getLogger(_LOGGER)
    logger.addHandler(handler)
    try:
        with structlog.contextvars.bound_contextvars(run_id=run_id):
            yield get_logger()
    finally:
        logger.removeHandler(handler)
        handler.close()
