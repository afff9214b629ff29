"""Reports of published runs, read back from the warehouse: what a report shows is what SQL shows."""

from __future__ import annotations

from dataclasses import fields

import duckdb
import pandas as pd

from engine.errors import BasisError
from pipelines.progress import report
from pipelines.project import Project
from pipelines.reports import ReportFiles, RunTables, write_index, write_reports

RUNS = """
SELECT r.*, s.* EXCLUDE (run_id, proxied_rows) FROM results.runs AS r LEFT JOIN results.summary AS s USING (run_id)
"""


def read_run(project: Project, run_id: str) -> RunTables:
    """Every table of a published run.  Errors: API-002 when there is none of that id."""
    with project.lake.connect() as connection:
        frames: dict[str, pd.DataFrame] = {
            table.name: _frame(connection, f"SELECT * FROM results.{table.name} WHERE run_id = ?", run_id)
            for table in fields(RunTables)
        }
    if frames["summary"].empty:
        raise BasisError("API-002", f"there is no published run {run_id}", looked_in=str(project.lake.database))
    return RunTables(**frames)


def write_run_reports(project: Project, run: RunTables) -> ReportFiles:
    """Write the files of one run, and the list of all runs that leads to them."""
    report("report", 0, 1)
    files = write_reports(run, project.results_dir / str(run.run["run_id"]))
    refresh_index(project)
    report("report", 1, 1)
    return files


def refresh_index(project: Project) -> None:
    with project.lake.connect() as connection:
        runs = _frame(connection, RUNS)
    write_index(project.results_dir, runs)


def _frame(connection: duckdb.DuckDBPyConnection, query: str, *values: str) -> pd.DataFrame:
    return connection.sql(query, params=list(values)).to_arrow_table().to_pandas()


def find_run(project: Project, mode: str, request_id: str) -> str:
    """The published run that answers a request, else the newest one of the mode.  Errors: API-002."""
    query = (
        "SELECT run_id FROM results.runs WHERE status = 'success' AND mode = $mode"
        " AND (request_id = $request OR is_latest) ORDER BY (request_id = $request) DESC LIMIT 1"
    )
    with project.lake.connect() as connection:
        row = connection.execute(query, {"mode": mode, "request": request_id}).fetchone()
    if row is None:
        raise BasisError("API-002", f"no run of {mode} is published", looked_in=str(project.lake.database))
    return str(row[0])
