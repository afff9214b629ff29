"""Processes that write to or read from a lake until they are killed, done or told to stop."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
from made_up_lake import START, outcome, run_row, run_tables

from pipelines.warehouse import Lake
from pipelines.warehouse.catalog import build_catalog
from pipelines.warehouse.query import query
from pipelines.warehouse.runs import write_run_finished, write_run_started

ROWS = 4000
RUNS = 6


def write_version(lake: Lake, partition: str, version: int) -> None:
    """A partition all of whose rows carry ``version``."""
    rows = {
        "strategy_id": partition,
        "ts": START + np.arange(ROWS),
        "session_id": "s",
        "state": "running",
        "pid": np.full(ROWS, version),
        "host": "h",
    }
    lake.write_partition("live.heartbeats", partition, rows)


def assert_whole(con: duckdb.DuckDBPyConnection) -> None:
    """Every partition is of one version, and every run that is seen has all its rows."""
    versions = "SELECT strategy_id, count(*) AS n, count(DISTINCT pid) AS versions FROM live.heartbeats GROUP BY ALL"
    assert all((row["n"], row["versions"]) == (ROWS, 1) for row in query(con, versions).to_pylist())
    for table, rows in (("hourly_pnl", 24), ("balance_sheet", 240), ("summary", 1)):
        incomplete = (
            f"SELECT r.run_id, t.n FROM results.runs AS r"
            f" LEFT JOIN (SELECT run_id, count(*) AS n FROM results.{table} GROUP BY ALL) AS t USING (run_id)"
            f" WHERE r.status = 'success' AND t.n IS DISTINCT FROM {rows}"
        )
        assert query(con, incomplete).to_pylist() == [], table


def say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def rebuild(lake: Lake) -> None:
    build_catalog(lake.root, lake.schema, lake.sql_dir, lake.database, lake.staging)


def write_forever(lake: Lake, name: str) -> None:
    write_version(lake, name, 0)
    say_ready()
    version = 1
    while True:
        write_version(lake, name, version)
        rebuild(lake)
        version += 1


def write_runs(lake: Lake, name: str) -> None:
    say_ready()
    for version in range(RUNS):
        write_version(lake, name, version)
        write_run_started(lake, run_row(f"{name}-{version}", name))
        write_run_finished(lake, f"{name}-{version}", outcome(), run_tables(24))
        if version % 4 == 0:
            lake.database.unlink(missing_ok=True)
            lake.refresh_catalog()


def read_until(lake: Lake, stop: str) -> None:
    """Read by fresh connections and by one held open; prints how often."""
    say_ready()
    rounds = 0
    with lake.connect() as held:
        while not Path(stop).exists():
            with lake.connect() as con:
                assert_whole(con)
            assert_whole(held)
            rounds += 1
    sys.stdout.write(f"{rounds}\n")


COMMANDS = {function.__name__: function for function in (write_forever, write_runs, read_until)}


def start(command: str, lake: Lake, argument: str) -> subprocess.Popen[str]:
    """One of COMMANDS in a process of its own, past its imports and, for write_forever, its first write."""
    path = os.pathsep.join([str(Path(__file__).resolve().parents[3]), os.environ.get("PYTHONPATH", "")])
    child = subprocess.Popen(
        [sys.executable, __file__, command, str(lake.root), argument],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.communicate()[1]
    return child


if __name__ == "__main__":
    COMMANDS[sys.argv[1]](Lake(Path(sys.argv[2])), sys.argv[3])
