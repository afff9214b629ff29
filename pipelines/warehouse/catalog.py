"""`warehouse/basis.duckdb`: views, macros and comments over the lake, and nothing else.

No run opens it for writing.  It is built beside its place and renamed over it when the SQL files have
changed, so a reader holds the old or the new one; several builders at once do no harm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from pipelines.warehouse.files import fsync_folder, make_folder, temporary_path
from pipelines.warehouse.schema import TableSchema, sql_digest

GENERATOR = "1"  # raise it when the views written here change
STORAGE_VERSION = "v1.0.0"  # any DuckDB since 1.0 opens the file
JOURNAL = ("results.run_starts", "results.run_ends")
SELECTED_ROOT = "(SELECT data_root_id FROM lake('quality/selected_roots') ORDER BY selected_at DESC LIMIT 1)"


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def catalog_digest(sql_dir: Path) -> str:
    return f"{GENERATOR}:{sql_digest(sql_dir)}"


def stored_digest(database: Path) -> str | None:
    """The digest the file was built from; None when it is missing or unreadable.

    It is attached to a fresh connection: within one process `duckdb.connect(path)` would answer from
    an older instance for as long as any connection to it lives.
    """
    if not database.is_file():
        return None
    try:
        with duckdb.connect() as con:
            con.execute(f"ATTACH {quoted(str(database))} AS stored (READ_ONLY)")
            row = con.execute("SELECT digest FROM stored.main.catalog").fetchone()
    except duckdb.Error:
        return None
    return str(row[0]) if row else None


def build_catalog(root: Path, schema: Mapping[str, TableSchema], sql_dir: Path, database: Path, staging: Path) -> None:
    """Write the file new and rename it over the old one.  Every table must have a file in the lake."""
    make_folder(staging)
    temporary = temporary_path(staging)
    try:
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            con.execute(f"ATTACH {quoted(str(temporary))} AS building (STORAGE_VERSION {quoted(STORAGE_VERSION)})")
            con.execute("USE building")
            con.execute(f"SET VARIABLE root = {quoted(str(root))}")
            for statement in _statements(schema, sql_dir):
                con.execute(statement)
            con.execute("USE memory")
            con.execute("DETACH building")
        temporary.replace(database)
        fsync_folder(database.parent)
    finally:
        temporary.unlink(missing_ok=True)
        temporary.with_name(temporary.name + ".wal").unlink(missing_ok=True)


def _statements(schema: Mapping[str, TableSchema], sql_dir: Path) -> list[str]:
    written = [path.read_text(encoding="utf-8") for path in sorted((sql_dir / "views").glob("*.sql"))]
    statements = [f"CREATE SCHEMA {name}" for name in dict.fromkeys(t.schema for t in schema.values())]
    statements += written
    for table in schema.values():
        statements += [f"CREATE VIEW {table.qualified} AS {_select(table)}", *_comments(table, table.qualified)]
    for table in schema.values():
        if _belongs_to_run(table):
            statements += _latest(table)
    statements.append("CREATE VIEW results.latest_runs AS SELECT * FROM results.runs WHERE is_latest")
    statements.append("COMMENT ON VIEW results.latest_runs IS 'The newest finished success of each mode'")
    statements += _copied_comments(written, "results.runs", "results.latest_runs")
    statements.append(f"CREATE VIEW main.catalog AS SELECT {quoted(catalog_digest(sql_dir))} AS digest")
    statements.append("COMMENT ON VIEW main.catalog IS 'Which version of warehouse/sql these views were built from'")
    statements.append("COMMENT ON COLUMN main.catalog.digest IS 'Version of the generator and sha256 of the SQL files'")
    return statements


def _belongs_to_run(table: TableSchema) -> bool:
    return table.schema == "results" and table.qualified not in JOURNAL


def _select(table: TableSchema) -> str:
    columns = ", ".join(f"t.{name}" for name in table.column_names)
    files = f"lake('{table.schema}/{table.name}')"
    if _belongs_to_run(table):
        # The ends come first in FROM: their files are listed first, and a run's tables are there before its end is.
        ended = "(SELECT run_id FROM lake('results/run_ends') WHERE status = 'success')"
        return f"SELECT {columns} FROM {ended} AS e JOIN {files} AS t USING (run_id)"
    if table.schema == "market" and "data_root_id" in table.column_names:
        return f"SELECT {columns} FROM {files} AS t WHERE t.data_root_id = {SELECTED_ROOT}"
    return f"SELECT {columns} FROM {files} AS t"


def _latest(table: TableSchema) -> list[str]:
    columns = ", ".join(f"t.{name}" for name in table.column_names)
    latest = f"results.latest_{table.name}"
    runs = "(SELECT run_id FROM results.runs WHERE is_latest)"
    select = f"SELECT {columns} FROM {runs} AS r JOIN lake('results/{table.name}') AS t USING (run_id)"
    return [f"CREATE VIEW {latest} AS {select}", *_comments(table, latest, "; newest finished run of each mode")]


def _comments(table: TableSchema, view: str, suffix: str = "") -> list[str]:
    return [f"COMMENT ON VIEW {view} IS {quoted(table.comment + suffix)}"] + [
        f"COMMENT ON COLUMN {view}.{column.name} IS {quoted(column.comment)}" for column in table.columns
    ]


def _copied_comments(written: list[str], view: str, other: str) -> list[str]:
    pattern = re.compile(rf"COMMENT ON COLUMN {re.escape(view)}\.\w+ IS '(?:[^']|'')*'")
    return [match.replace(view, other, 1) for text in written for match in pattern.findall(text)]
