"""Kills, full disks, many writers, open readers: the last good data is always whole."""

from __future__ import annotations

import errno
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from children import ROWS, RUNS, assert_whole, start, write_version
from made_up_lake import outcome, run_row, run_tables

from engine.errors import BasisError
from pipelines.warehouse import Lake, files
from pipelines.warehouse.query import query
from pipelines.warehouse.runs import write_run_failed, write_run_finished, write_run_started


def test_kill_9_leaves_whole_partitions_and_sweep_removes_the_rest(lake: Lake) -> None:
    lake.refresh_catalog()
    pause = np.random.default_rng(20240512)
    for _ in range(6):
        child = start("write_forever", lake, "one")
        time.sleep(pause.uniform(0.02, 0.25))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        stored = lake.read("live.heartbeats", ["one"])
        assert stored.num_rows == ROWS
        assert len(set(stored["pid"].to_pylist())) == 1
        with lake.connect() as con:
            assert_whole(con)
    lake.sweep()
    assert list(lake.staging.iterdir()) == []


def test_writers_and_readers_at_once(lake: Lake, tmp_path: Path) -> None:
    lake.refresh_catalog()
    stop = tmp_path / "stop"
    with duckdb.connect(str(lake.database), read_only=True) as notebook:  # left open all the time
        notebook.execute(f"SET VARIABLE root = '{lake.root}'")
        reader = start("read_until", lake, str(stop))
        writers = [start("write_runs", lake, name) for name in ("one", "two", "three")]
        try:
            for writer in writers:
                _, complaint = writer.communicate(timeout=120)
                assert writer.returncode == 0, complaint
                assert_whole(notebook)
        finally:
            stop.touch()
            rounds, complaint = reader.communicate(timeout=60)
        assert reader.returncode == 0, complaint
        assert int(rounds) > 0
        done = query(notebook, "SELECT count(*) AS n FROM results.runs WHERE status = 'success'")["n"][0].as_py()
        assert done == 3 * RUNS
        assert query(notebook, "SELECT count(*) AS n FROM results.latest_summary")["n"][0].as_py() == 3


def test_rebuilding_the_catalog_at_once_is_harmless(lake: Lake) -> None:
    lake.refresh_catalog()
    children = [start("write_forever", lake, name) for name in ("one", "two", "three")]
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        with lake.connect() as con:
            assert_whole(con)
    for child in children:
        ended = child.poll()
        child.kill()
        _, complaint = child.communicate()
        assert ended is None, complaint


def test_a_damaged_catalog_is_built_anew_and_a_current_one_is_left_alone(lake: Lake) -> None:
    assert lake.refresh_catalog()
    stamp = lake.database.stat().st_mtime_ns
    assert not lake.refresh_catalog()
    assert lake.database.stat().st_mtime_ns == stamp
    lake.database.write_bytes(b"not a database" * 1000)
    with lake.connect() as con:
        assert con.sql("SELECT * FROM results.runs").fetchall() == []


def test_a_full_disk_is_said_and_nothing_is_lost(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    lake.refresh_catalog()
    write_version(lake, "one", 1)
    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(BasisError, match="No space left on device") as refused:
        write_version(lake, "one", 2)
    assert refused.value.code == "API-001"
    assert "untouched" in refused.value.message
    assert "free space" in str(refused.value)
    monkeypatch.undo()
    assert set(lake.read("live.heartbeats", ["one"])["pid"].to_pylist()) == {1}
    assert list(lake.staging.iterdir()) == []


def test_a_full_disk_fails_the_run_and_not_the_earlier_one(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run_started(lake, run_row("a"))
    real = Lake._write

    def refuse(self: Lake, target: Path, rows: pa.Table) -> None:
        if (target.parent.name, target.stem) == ("postings", "a"):
            raise BasisError("API-001", "No space left on device")
        real(self, target, rows)

    monkeypatch.setattr(Lake, "_write", refuse)
    with pytest.raises(BasisError) as refused:
        write_run_finished(lake, "a", outcome(), run_tables())
    write_run_failed(lake, "a", refused.value)
    with lake.connect() as con:
        assert con.sql("SELECT status FROM results.runs").fetchall() == [("failed",)]
        assert con.sql("SELECT * FROM results.hourly_pnl").fetchall() == []


def test_sweep_spares_living_writers(lake: Lake) -> None:
    lake.staging.mkdir(parents=True)
    mine = files.temporary_path(lake.staging)
    dead = lake.staging / f"{files.host_name()}~999999999~5~{'0' * 32}.wal"
    reused = lake.staging / f"{files.host_name()}~{os.getpid()}~5~{'0' * 32}"
    foreign_new = lake.staging / f"elsewhere~1~5~{'0' * 32}"
    foreign_old = lake.staging / f"elsewhere~1~5~{'1' * 32}"
    for path in (mine, dead, reused, foreign_new, foreign_old):
        path.touch()
    long_ago = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    os.utime(foreign_old, (long_ago, long_ago))
    assert sorted(lake.sweep()) == sorted([dead, reused, foreign_old])
    assert sorted(lake.staging.iterdir()) == sorted([mine, foreign_new])
