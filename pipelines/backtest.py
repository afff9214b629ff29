"""One backtest from request to published result.

request → market data (validated now, or as the warehouse holds it) → panel → engine → checks → results
→ reports.  A result is seen by nobody before every check has passed; a failure leaves a row that says
why, and earlier results as they were.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from engine.config import RequestedFlow, RunConfig
from engine.engine import run_backtest
from engine.errors import BasisError
from pipelines.ingest import market_for_mode
from pipelines.logs import run_log
from pipelines.market.panel import PanelBuild, build_panel
from pipelines.progress import report
from pipelines.project import Project, code_version
from pipelines.result_checks import ResultCheck, check_results, require
from pipelines.warehouse.runs import write_run_failed, write_run_finished, write_run_progress, write_run_started

EVENTS_FILE = "events.jsonl"
PROGRESS_SECONDS = 3.0
"""How often a running run's row shows how far it is."""


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What was asked for; None means the mode's own value, or that of the environment."""

    mode: str
    start: date | None = None
    end: date | None = None
    initial_capital: float | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    data_dir: Path | None = None
    allow_proxies: bool = True
    cash_flows: Sequence[RequestedFlow] = ()
    close_at_end: bool = False
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """A published run.  ``summary`` is its row of `results.summary`."""

    run_id: str
    run: RunConfig
    folder: Path
    panel: PanelBuild
    summary: Mapping[str, Any]
    result_digest: str
    checks: tuple[ResultCheck, ...]
    refused_withdrawals: int


def effective_request(project: Project, request: BacktestRequest) -> RunConfig:
    """The validated slice of the configuration for one run.  Errors: CFG-… with every reason."""
    return project.configuration.request(
        request.mode,
        request.start or project.settings.data_start_date,
        request.end or project.settings.data_end_date,
        initial_capital=request.initial_capital,
        overrides=request.overrides,
        allow_proxies=request.allow_proxies,
        cash_flows=request.cash_flows,
        close_at_end=request.close_at_end,
    )


def run_mode(project: Project, request: BacktestRequest) -> Backtest:
    """Run one mode and publish its results.

    Errors: CFG-… before anything is written; afterwards DATA-…, an engine code or BT-002, each recorded as a
    failed run.  An interruption is recorded as cancelled.
    """
    _refuse_live(project)
    run = effective_request(project, request)
    root = project.data_root(request.data_dir)
    run_id = f"{run.mode.mode}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder = project.results_dir / run_id
    with run_log(run_id, folder, project.settings.log_level) as log:
        write_run_started(project.lake, _start_row(run_id, run, request))
        log.info("run started", mode=run.mode.mode, start=str(run.start), end=str(run.end), data=str(root.path))
        known: dict[str, Any] = {}
        try:
            panel = build_panel(run, market_for_mode(project, root, run.mode))
            known = {name: getattr(panel, name) for name in ("data_version", "data_source", "proxied_rows")}
            log.info("market panel built", **known)
            for apart in panel.divergences:
                log.warning("venues apart", **asdict(apart))
            backtest = _run_and_publish(project, run, run_id, folder, panel, known)
        except BaseException as error:
            cancelled = not isinstance(error, Exception)
            write_run_failed(project.lake, run_id, error, known, status="cancelled" if cancelled else "failed")
            _log_failure(log, error, cancelled)
            raise
        if backtest.refused_withdrawals:
            log.warning("withdrawals beyond NAV were refused and not paid", count=backtest.refused_withdrawals)
        log.info("run published", digest=backtest.result_digest, final_nav=backtest.summary["final_nav"])
    return backtest


def _refuse_live(project: Project) -> None:
    """A backtest asked for where live execution is configured is a mistake, not a wish."""
    if project.settings.execution_mode != "backtest":
        raise BasisError(
            "CFG-005",
            "a backtest cannot run in live execution mode",
            expected="BASIS_EXECUTION_MODE=backtest",
            looked_in="the environment and .env",
            found=f"BASIS_EXECUTION_MODE={project.settings.execution_mode}",
        )


def _run_and_publish(
    project: Project, run: RunConfig, run_id: str, folder: Path, panel: PanelBuild, known: Mapping[str, Any]
) -> Backtest:
    with _event_file(folder / EVENTS_FILE) as sink:
        on_progress = _progress(project, run_id, run.mode.mode)
        result = run_backtest(run, panel.panel, sink, on_progress)
    tables = result.tables()
    checks = check_results(run, tables)
    require(run_id, checks)
    summary = result.summary() | {"proxied_rows": panel.proxied_rows}
    published = {**tables, "summary": summary, "run_inputs": panel.inputs}
    published = {name: rows if _length(rows) else _no_rows(project, name) for name, rows in published.items()}
    outcome = {**known, "result_digest": result.digest}
    write_run_finished(project.lake, run_id, outcome, published)
    events = tables["events"]
    refused = zip(events["event_type"], events["status"], strict=True)
    return Backtest(
        run_id, run, folder, panel, summary, result.digest, tuple(checks),
        refused_withdrawals=sum(pair == ("withdrawal", "refused") for pair in refused),
    )  # fmt: skip


def _length(rows: Any) -> int:
    return rows.num_rows if isinstance(rows, pa.Table) else max(np.size(column) for column in rows.values())


def _no_rows(project: Project, name: str) -> pa.Table:
    """An empty table with the declared types: empty arrays have none of their own (a mode without risk metrics)."""
    return project.lake.table(f"results.{name}").arrow_schema.empty_table().drop_columns(["run_id"])


def _start_row(run_id: str, run: RunConfig, request: BacktestRequest) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "request_id": request.request_id or run_id,
        "mode": run.mode.mode,
        "share_class": run.share_class.share_class,
        "window_start": datetime(run.start.year, run.start.month, run.start.day, 0, tzinfo=UTC),
        "window_end": datetime(run.end.year, run.end.month, run.end.day, 23, tzinfo=UTC),
        "initial_capital": run.initial_capital,
        "config_json": orjson.dumps(run.as_dict(), option=orjson.OPT_SORT_KEYS).decode(),
        "config_hash": run.config_hash,
        "code_version": code_version(),
    }


def _progress(project: Project, run_id: str, mode: str) -> Callable[[int, int], None]:
    shown = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown
        report(f"backtest {mode}", done, total)
        if time.monotonic() - shown >= PROGRESS_SECONDS:
            shown = time.monotonic()
            write_run_progress(project.lake, run_id, done / total)

    return show


class _EventFile:
    """Events as JSON lines, on disk after each write, so that a killed run leaves what it did so far."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("ab")

    def write(self, lines: Iterable[bytes]) -> None:
        self._stream.writelines(line + b"\n" for line in lines)
        self._stream.flush()

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _event_file(path: Path) -> Iterator[_EventFile]:
    sink = _EventFile(path)
    try:
        yield sink
    finally:
        sink.close()


def _log_failure(log: Any, error: BaseException, cancelled: bool) -> None:
    if cancelled:
        log.warning("run cancelled")
    elif isinstance(error, BasisError):
        log.error("run failed", **{key: value for key, value in error.as_dict().items() if key != "timestamp"})
    else:
        log.exception("run failed")
