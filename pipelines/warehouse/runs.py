"""The journal of runs: a run begins, its tables are written, and last of all it ends.

`results.run_starts` gets a row when a run begins and `results.run_ends` one when it is over; the view
`results.runs` joins them.  The other `results.*` views show a run once its end says success, so its
tables appear together.  A re-run is another run_id beside the earlier one, never over it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from engine.errors import BasisError
from pipelines.warehouse.conform import Rows
from pipelines.warehouse.files import host_name, is_alive, process_start
from pipelines.warehouse.lake import Lake

STARTS, ENDS = "results.run_starts", "results.run_ends"


def write_run_started(lake: Lake, run: Mapping[str, Any]) -> None:
    """Record that a run of this process begins.

    ``run`` holds the declared columns of `results.run_starts` that the caller knows (run_id, mode, share_class,
    window_start, window_end, initial_capital, config_json, config_hash, code_version, optionally request_id).
    Errors: API-001 when columns do not fit or the run_id is taken.
    """
    run_id = str(run["run_id"])
    if lake.has(STARTS, run_id) or lake.has(ENDS, run_id):
        raise BasisError("API-001", f"run {run_id} is there already", expected="a new run_id for every run")
    own = {
        "started_at": datetime.now(UTC),
        "pid": os.getpid(),
        "host": host_name(),
        "process_started_at": process_start(os.getpid()),
        "progress": 0.0,
    }
    lake.write_partition(STARTS, run_id, {**run, **own})


def write_run_progress(lake: Lake, run_id: str, progress: float) -> None:
    """Show how far a running run is, 0 to 1.  Each call writes a small file: call it every few seconds at most."""
    started = lake.read(STARTS, [run_id]).to_pylist()[0]
    lake.write_partition(STARTS, run_id, {**started, "progress": progress})


def write_run_finished(lake: Lake, run_id: str, outcome: Mapping[str, Any], tables: Mapping[str, Rows]) -> None:
    """Write the tables of a successful run, then its end: from then on everybody sees it.

    ``outcome``: data_version, data_source, result_digest, proxied_rows.  ``tables``: by name without schema
    (``hourly_pnl``), columns as arrays without run_id.  Errors: API-001; the run is then still running
    and the caller records it with `write_run_failed`.
    """
    _require_running(lake, run_id)
    for name, rows in tables.items():
        lake.write_partition(f"results.{name}", run_id, rows, constants={"run_id": run_id})
    _end(lake, run_id, "success", outcome)


def write_run_failed(
    lake: Lake, run_id: str, error: BaseException, outcome: Mapping[str, Any] | None = None, *, status: str = "failed"
) -> None:
    """Record why a run failed (or was ``cancelled``).  Earlier results stay as they are.

    ``outcome`` holds what was known by then, as in `write_run_finished`.
    """
    _require_running(lake, run_id)
    refusal = error if isinstance(error, BasisError) else BasisError("BT-001", f"{type(error).__name__}: {error}")
    if refusal is not error:
        refusal.__cause__, refusal.__traceback__ = error, error.__traceback__
    text = orjson.dumps(refusal.as_dict(), default=str).decode()
    _end(lake, run_id, status, {**(outcome or {}), "error_json": text})


def write_run(lake: Lake, run: Mapping[str, Any], tables: Mapping[str, Rows]) -> None:
    """Begin and finish a successful run in one call; ``run`` holds the columns of both journal tables."""
    ends = {name for name in lake.table(ENDS).column_names if name != "run_id"}
    write_run_started(lake, {name: value for name, value in run.items() if name not in ends})
    outcome = {name: value for name, value in run.items() if name in ends}
    write_run_finished(lake, str(run["run_id"]), outcome, tables)


def sweep_runs(lake: Lake) -> list[str]:
    """Runs of this host whose process is gone become failed.  Returns their ids."""
    lost = []
    for run_id in sorted(set(lake.partitions(STARTS)) - set(lake.partitions(ENDS))):
        started = lake.read(STARTS, [run_id]).to_pylist()[0]
        if started["host"] != host_name() or is_alive(started["pid"], started["process_started_at"]):
            continue
        if lake.has(ENDS, run_id):  # it ended between the listing and now
            continue
        error = BasisError(
            "BT-001",
            f"the process of the run is gone (pid {started['pid']} on {started['host']}): killed, or out of memory",
            found=f"{started['progress']:.0%} of the window done when last reported",
            resolution="start the run again; earlier results are untouched",
        )
        try:
            write_run_failed(lake, run_id, error)
        except BasisError:
            if lake.has(ENDS, run_id):  # another process that starts just now swept it first
                continue
            raise
        lost.append(run_id)
    return lost


def _require_running(lake: Lake, run_id: str) -> None:
    if not lake.has(STARTS, run_id):
        raise BasisError("API-002", f"run {run_id} was never started", looked_in=str(lake.path(STARTS, run_id).parent))
    if lake.has(ENDS, run_id):
        status = lake.read(ENDS, [run_id], ["status"])["status"][0].as_py()
        raise BasisError("API-001", f"run {run_id} is over", expected="a run that is running", found=status)


def _end(lake: Lake, run_id: str, status: str, outcome: Mapping[str, Any]) -> None:
    row = {"run_id": run_id, "status": status, "finished_at": datetime.now(UTC)}
    lake.write_partition(ENDS, run_id, {**outcome, **row})
