"""Kills, full disks, many writers, open readers: the last good data is always whole."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from made_up_lake import START, run_row

from engine.errors import BasisError
from pipelines.warehouse import Lake, files
from pipelines.warehouse.catalog import build_catalog
from pipelines.warehouse.query import query
from pipelines.warehouse.runs import write_run_failed, write_run_finished, write_run_started

PROJECT = Path(__file__).resolve().parents[3]
ROWS = 4000
WHOLE = "SELECT strategy_id, count(*) AS rows, count(DISTINCT pid) AS versions FROM live.heartbeats GROUP BY ALL"


def write_version(lake: Lake, partition: str, version: int) -> None:
    rows = {"strategy_id": partition, "ts": START + np.arange(ROWS), "session_id": "s", "state": "running",
            "pid": np.full(ROWS, version), "host": "h"}  # fmt: skip
    lake.write_partition("live.heartbeats", partition, rows)


PREAMBLE = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_atomicity import *
lake, name = Lake(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
"""
WRITE_FOREVER = (
    PREAMBLE
    + """
for version in range(10**9):
    write_version(lake, name, version)
    build_catalog(lake.root, lake.schema, lake.sql_dir, lake.database, lake.staging)
"""
)
WRITE_SOME = (
    PREAMBLE
    + """
from made_up_lake import outcome, run_row, run_tables
for version in range(12):
    write_version(lake, name, version)
    write_run_started(lake, run_row(f"{name}-{version}", name))
    write_run_finished(lake, f"{name}-{version}", outcome(), run_tables(24))
    if version % 4 == 0:
        lake.database.unlink(missing_ok=True)
        lake.refresh_catalog()
"""
)
READ_UNTIL_TOLD = (
    PREAMBLE
    + """
stop, rounds = Path(sys.argv[3]), 0
held = lake.connect()
while not stop.exists():
    with lake.connect() as con:
        assert_whole(con)
    assert_whole(held)
    rounds += 1
print(rounds, flush=True)
"""
)


def assert_whole(con: duckdb.DuckDBPyConnection) -> None:
    """Every partition is of one version, and every run that is seen has all its rows."""
    assert all((row["rows"], row["versions"]) == (ROWS, 1) for row in query(con, WHOLE).to_pylist())
    half = "SELECT * FROM results.runs AS r LEFT JOIN (SELECT run_id, count(*) AS n FROM results.{} GROUP BY ALL) AS t \
            USING (run_id) WHERE r.status = 'success' AND t.n IS DISTINCT FROM {}"
    for table, rows in (("hourly_pnl", 24), ("balance_sheet", 240), ("summary", 1)):
        assert query(con, half.format(table, rows)).num_rows == 0, table
    missing = "SELECT mode FROM results.latest_runs EXCEPT SELECT mode FROM results.latest_summary JOIN results.runs \
               USING (run_id)"
    assert query(con, missing).num_rows == 0


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.stderr.read() if child.stderr else ""
    return child


def test_kill_9_leaves_whole_partitions_and_sweep_removes_the_rest(lake: Lake) -> None:
    pause = np.random.default_rng(20240512)
    versions = []
    for _ in range(8):
        child = start(WRITE_FOREVER, lake.root, "one")
        time.sleep(pause.uniform(0.02, 0.25))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        if lake.has("live.heartbeats", "one"):
            stored = lake.read("live.heartbeats", ["one"])
            assert stored.num_rows == ROWS
            assert len(set(stored["pid"].to_pylist())) == 1
            versions.append(stored["pid"][0].as_py())
        with lake.connect() as con:
            assert_whole(con)
    assert versions
    lake.sweep()
    assert list(lake.staging.iterdir()) == []


def test_writers_and_readers_at_once(lake: Lake, tmp_path: Path) -> None:
    lake.refresh_catalog()
    stop = tmp_path / "stop"
    with duckdb.connect(str(lake.database), read_only=True) as notebook:  # left open all the time
        notebook.execute(f"SET VARIABLE root = '{lake.root}'")
        reader = start(READ_UNTIL_TOLD, lake.root, "reader", stop)
        writers = [start(WRITE_SOME, lake.root, name) for name in ("one", "two", "three")]
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
        assert query(notebook, "SELECT count(*) AS n FROM results.runs WHERE status = 'success'")["n"][0].as_py() == 36
        assert query(notebook, "SELECT count(*) AS n FROM results.latest_summary")["n"][0].as_py() == 3


def test_rebuilding_the_catalog_at_once_is_harmless(lake: Lake) -> None:
    children = [start(WRITE_FOREVER, lake.root, name) for name in ("one", "two", "three")]
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        with lake.connect() as con:
            assert_whole(con)
    for child in children:
        assert child.poll() is None
        child.kill()
        child.communicate()


def test_a_damaged_catalog_is_built_anew_and_a_current_one_is_left_alone(lake: Lake) -> None:
    assert lake.refresh_catalog()
    stamp = lake.database.stat().st_mtime_ns
    assert not lake.refresh_catalog()
    assert lake.database.stat().st_mtime_ns == stamp
    lake.database.write_bytes(b"not a database" * 1000)
    with lake.connect() as con:
        assert con.sql("SELECT * FROM results.runs").fetchall() == []


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    def fill() -> None:
        def refuse(_handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(files.os, "fsync", refuse)

    yield fill
    monkeypatch.undo()


def test_a_full_disk_is_said_and_nothing_is_lost(lake: Lake, full_disk: Callable[[], None], monkeypatch: Any) -> None:
    lake.refresh_catalog()
    write_version(lake, "one", 1)
    full_disk()
    with pytest.raises(BasisError, match="No space left on device") as refused:
        write_version(lake, "one", 2)
    assert refused.value.code == "API-001"
    assert "untouched" in refused.value.message
    assert "free space" in str(refused.value)
    monkeypatch.undo()
    assert set(lake.read("live.heartbeats", ["one"])["pid"].to_pylist()) == {1}
    assert list(lake.staging.iterdir()) == []


def test_a_full_disk_fails_the_run_and_not_the_earlier_one(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    from made_up_lake import outcome, run_tables

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
