"""The journal of runs: whole or not at all, the newest success wins, lost runs become failed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from made_up_lake import HOURS, outcome, run_row, run_tables

from engine.errors import BasisError
from pipelines.warehouse import Lake
from pipelines.warehouse.query import query
from pipelines.warehouse.runs import (
    STARTS,
    sweep_runs,
    write_run,
    write_run_failed,
    write_run_finished,
    write_run_progress,
    write_run_started,
)


def status(lake: Lake, run_id: str) -> dict[str, object]:
    with lake.connect() as con:
        return query(con, f"SELECT * FROM results.runs WHERE run_id = '{run_id}'").to_pylist()[0]


def latest(lake: Lake) -> list[str]:
    with lake.connect() as con:
        runs = query(con, "SELECT run_id FROM results.latest_runs ORDER BY mode")["run_id"].to_pylist()
        shown = query(con, "SELECT DISTINCT run_id FROM results.latest_hourly_pnl")["run_id"].to_pylist()
    assert sorted(shown) == sorted(runs)
    return runs


def test_a_run_is_seen_only_when_it_has_ended(lake: Lake) -> None:
    write_run_started(lake, run_row("a"))
    write_run_progress(lake, "a", 0.4)
    lake.write_partition("results.hourly_pnl", "a", run_tables()["hourly_pnl"], constants={"run_id": "a"})
    row = status(lake, "a")
    assert (row["status"], row["progress"], row["pid"], row["is_latest"]) == ("running", 0.4, os.getpid(), False)
    assert latest(lake) == []
    with lake.connect() as con:
        assert con.sql("SELECT count(*) FROM results.hourly_pnl").fetchall() == [(0,)]
    write_run_finished(lake, "a", outcome(), run_tables())
    row = status(lake, "a")
    assert (row["status"], row["progress"], row["is_latest"], row["data_version"]) == ("success", 1.0, True, "d1")
    with lake.connect() as con:
        assert con.sql("SELECT count(*) FROM results.hourly_pnl").fetchall() == [(HOURS,)]


def test_latest_is_the_newest_success_of_each_mode(lake: Lake) -> None:
    for run_id, mode in (("z", "btc_basis"), ("b", "pure_lending"), ("a", "btc_basis")):
        write_run(lake, run_row(run_id, mode) | outcome(), run_tables())
    assert latest(lake) == ["a", "b"]
    write_run_started(lake, run_row("c"))
    assert latest(lake) == ["a", "b"]
    write_run_failed(lake, "c", BasisError("PNL-001", "residual of 3 USDT"), outcome())
    assert latest(lake) == ["a", "b"]
    assert not status(lake, "c")["is_latest"]
    with lake.connect() as con:
        assert con.sql("SELECT DISTINCT run_id FROM results.summary ORDER BY ALL").fetchall() == [
            ("a",),
            ("b",),
            ("z",),
        ]


def test_a_failed_run_says_why_and_leaves_earlier_ones_alone(lake: Lake) -> None:
    write_run(lake, run_row("a") | outcome(), run_tables())
    before = lake.read("results.balance_sheet", ["a"])
    write_run_started(lake, run_row("b"))
    broken = run_tables() | {"postings": {"seq": [0]}}
    with pytest.raises(BasisError, match="rows do not fit") as refused:
        write_run_finished(lake, "b", outcome(), broken)
    write_run_failed(lake, "b", refused.value, outcome())
    row = status(lake, "b")
    assert row["status"] == "failed"
    error = json.loads(str(row["error_json"]))
    assert (error["error_code"], error["component"]) == ("API-001", "pipeline")
    assert latest(lake) == ["a"]
    assert lake.read("results.balance_sheet", ["a"]).equals(before)
    with lake.connect() as con:
        assert con.sql("SELECT DISTINCT run_id FROM results.hourly_pnl").fetchall() == [("a",)]


def test_other_exceptions_are_put_into_the_error_format(lake: Lake) -> None:
    write_run_started(lake, run_row("a"))
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        write_run_failed(lake, "a", error, status="cancelled")
    row = status(lake, "a")
    error = json.loads(str(row["error_json"]))
    assert row["status"] == "cancelled"
    assert error["error_code"] == "BT-001"
    assert "ZeroDivisionError" in error["stack_trace"]


def test_a_run_is_never_written_over(lake: Lake) -> None:
    write_run(lake, run_row("a") | outcome(), run_tables())
    with pytest.raises(BasisError, match="run a is there already"):
        write_run_started(lake, run_row("a"))
    with pytest.raises(BasisError, match="run a is over"):
        write_run_finished(lake, "a", outcome(), run_tables())
    with pytest.raises(BasisError, match="run b was never started"):
        write_run_failed(lake, "b", ValueError())


def test_sweep_fails_runs_whose_process_is_gone(lake: Lake) -> None:
    for run_id in ("mine", "gone", "reused_pid", "elsewhere"):
        write_run_started(lake, run_row(run_id))
    changes = {
        "gone": {"pid": max(psutil.pids()) + 100_000},
        "reused_pid": {"process_started_at": 1_000_000_000},
        "elsewhere": {"host": "another-host", "pid": 1},
    }
    for run_id, change in changes.items():
        started = lake.read(STARTS, [run_id]).to_pylist()[0]
        lake.write_partition(STARTS, run_id, started | change)
    assert sweep_runs(lake) == ["gone", "reused_pid"]
    assert sweep_runs(lake) == []
    assert [status(lake, run_id)["status"] for run_id in ("mine", "gone", "elsewhere")] == [
        "running", "failed", "running",
    ]  # fmt: skip
    assert "the process of the run is gone" in json.loads(str(status(lake, "gone")["error_json"]))["message"]


def test_two_processes_may_sweep_the_same_run(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two commands that start together after a kill: the slower one finds the run ended, and goes on."""
    write_run_started(lake, run_row("gone"))
    started = lake.read(STARTS, ["gone"]).to_pylist()[0]
    lake.write_partition(STARTS, "gone", started | {"pid": max(psutil.pids()) + 100_000})

    def too_late(lake: Lake, run_id: str, error: BaseException) -> None:
        write_run_failed(lake, run_id, error)
        write_run_failed(lake, run_id, error)

    monkeypatch.setattr("pipelines.warehouse.runs.write_run_failed", too_late)
    assert sweep_runs(lake) == []
    assert status(lake, "gone")["status"] == "failed"


def test_a_long_run_is_written_quickly(lake: Lake) -> None:
    tables = run_tables(11_880)
    write_run_started(lake, run_row("a"))
    begin = time.perf_counter()
    write_run_finished(lake, "a", outcome(), tables)
    seconds = time.perf_counter() - begin
    assert lake.read("results.balance_sheet", ["a"]).num_rows == 118_800
    assert seconds < 3.0, "0.3 s on two idle cores; the margin is for busy ones"


def test_summary_takes_numpy_scalars_and_missing_figures(made_up: Lake) -> None:
    (row,) = made_up.read("results.summary", ["run-a"]).to_pylist()
    assert row["min_health_factor"] is None
    assert row["max_ltv"] is None
    assert isinstance(row["final_nav"], float)


def test_inputs_of_a_run_may_be_an_arrow_table(lake: Lake, tmp_path: Path) -> None:
    import pyarrow as pa

    inputs = run_tables()["run_inputs"]
    table = pa.table({**inputs, "first_ts": np.array(inputs["first_ts"], "datetime64[s]").astype("datetime64[us]")})
    zoned = table.set_column(
        table.column_names.index("first_ts"), "first_ts", table["first_ts"].cast(pa.timestamp("us", tz="UTC"))
    )
    write_run(lake, run_row("a") | outcome(), run_tables() | {"run_inputs": zoned})
    assert lake.read("results.run_inputs", ["a"]).num_rows == 1
