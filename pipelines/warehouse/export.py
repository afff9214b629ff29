"""One self-contained DuckDB file with real tables, for those who want to mail it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from engine.errors import BasisError
from pipelines.warehouse.catalog import STORAGE_VERSION, quoted
from pipelines.warehouse.files import fsync_folder, make_folder, temporary_path
from pipelines.warehouse.lake import Lake


def export_warehouse(lake: Lake, target: Path) -> dict[str, int]:
    """Copy what every view shows now into ``target``; rows by table.

    ``latest_*`` stay views, over the copied tables.  The file appears whole or not at all.
    Errors: API-001 when ``target`` is the warehouse's own database or cannot be written.
    """
    target = target.resolve()
    if target == lake.database.resolve():
        raise BasisError("API-001", f"{target} is the warehouse itself", expected="another file name")
    make_folder(target.parent)
    temporary = temporary_path(target.parent)
    try:
        with lake.connect() as con:
            con.execute(f"ATTACH {quoted(str(temporary))} AS copy (STORAGE_VERSION {quoted(STORAGE_VERSION)})")
            con.execute("BEGIN")  # one transaction: only one database is written
            rows = _copy(con)
            con.execute("COMMIT")
            con.execute("DETACH copy")
        temporary.replace(target)
        fsync_folder(target.parent)
    except (OSError, duckdb.Error) as error:
        raise BasisError("API-001", f"cannot export to {target}: {error}", looked_in=str(target.parent)) from error
    finally:
        temporary.unlink(missing_ok=True)
        temporary.with_name(temporary.name + ".wal").unlink(missing_ok=True)
    return rows


def _copy(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    views = con.execute(
        "SELECT schema_name, view_name, comment FROM duckdb_views()"
        " WHERE database_name = 'basis' AND NOT internal"
        # runs first: a run that ends meanwhile may then leave rows without a run, never a run without its rows
        " ORDER BY view_name <> 'runs', schema_name, view_name"
    ).fetchall()
    rows: dict[str, int] = {}
    for schema in dict.fromkeys(schema for schema, _, _ in views):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS copy.{schema}")
    latest = [name for schema, name, _ in views if schema == "results" and name.startswith("latest_")]
    for schema, name, comment in views:
        if name in latest and schema == "results":
            continue
        con.execute(f"CREATE TABLE copy.{schema}.{name} AS SELECT * FROM basis.{schema}.{name}")
        counted = con.execute(f"SELECT count(*) FROM copy.{schema}.{name}").fetchone()
        rows[f"{schema}.{name}"] = counted[0] if counted else 0
        _comment(con, "TABLE", schema, name, comment)
    con.execute("USE copy")  # so that the views name no database
    for name in latest:
        newest = "run_id IN (SELECT run_id FROM results.runs WHERE is_latest)"
        con.execute(
            f"CREATE VIEW results.{name} AS SELECT * FROM results.{name.removeprefix('latest_')} WHERE {newest}"
        )
    con.execute("USE basis")
    return rows


def _comment(con: duckdb.DuckDBPyConnection, kind: str, schema: str, name: str, comment: str | None) -> None:
    con.execute(f"COMMENT ON {kind} copy.{schema}.{name} IS {quoted(comment or '')}")
    columns = con.execute(
        "SELECT column_name, comment FROM duckdb_columns()"
        " WHERE database_name = 'basis' AND schema_name = ? AND table_name = ?",
        [schema, name],
    ).fetchall()
    for column, text in columns:
        con.execute(f"COMMENT ON COLUMN copy.{schema}.{name}.{column} IS {quoted(text or '')}")
