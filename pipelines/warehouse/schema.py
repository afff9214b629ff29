"""The declared schema: `warehouse/sql/*.sql`, read by running it in an in-memory DuckDB.

Column types, NOT NULL, keys and comments are written once, in SQL.  Everything else (Arrow schemas,
seed files, views, documentation) is derived here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import duckdb
import pyarrow as pa

from engine.errors import BasisError

SQL_DIR = Path(__file__).resolve().parents[2] / "warehouse" / "sql"

ARROW_TYPES: Mapping[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    "VARCHAR": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column.  ``optional``: declared DEFAULT NULL, so a writer may leave it out."""

    name: str
    sql_type: str
    nullable: bool
    optional: bool
    comment: str

    @property
    def arrow_type(self) -> pa.DataType:
        return ARROW_TYPES[self.sql_type]

    @property
    def declaration(self) -> str:
        """``DOUBLE NOT NULL``: how the column is shown to people."""
        name = "TIMESTAMPTZ" if self.sql_type == "TIMESTAMP WITH TIME ZONE" else self.sql_type
        return name if self.nullable else f"{name} NOT NULL"


@dataclass(frozen=True)
class TableSchema:
    """One declared table; ``key`` holds the columns no two rows may share (empty: none)."""

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.arrow_type, c.nullable) for c in self.columns])


def sql_digest(sql_dir: Path) -> str:
    """sha256 over the names and bytes of every SQL file: changes when the schema or a view does."""
    digest = hashlib.sha256()
    for path in sorted(sql_dir.rglob("*.sql")):
        digest.update(path.relative_to(sql_dir).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_schema(sql_dir: Path = SQL_DIR) -> Mapping[str, TableSchema]:
    """Declared tables by qualified name.  Errors: API-001 when the folder has no SQL files."""
    return _load(sql_dir, sql_digest(sql_dir))


@cache
def _load(sql_dir: Path, _digest: str) -> Mapping[str, TableSchema]:
    files = sorted(sql_dir.glob("*.sql"))
    if not files:
        raise BasisError("API-001", "the warehouse schema is missing", expected="*.sql files", looked_in=str(sql_dir))
    with duckdb.connect() as con:
        for path in files:
            con.execute(path.read_text(encoding="utf-8"))
        columns = con.execute(
            "SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default = 'NULL', comment"
            " FROM duckdb_columns() WHERE NOT internal ORDER BY table_oid, column_index"
        ).fetchall()
        comments = con.execute("SELECT schema_name, table_name, comment FROM duckdb_tables()").fetchall()
        keys = con.execute(
            "SELECT schema_name, table_name, constraint_column_names FROM duckdb_constraints()"
            " WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE')"
        ).fetchall()
    comment_of = {f"{schema}.{table}": comment or "" for schema, table, comment in comments}
    key_of = {f"{schema}.{table}": tuple(names) for schema, table, names in keys}
    found: dict[str, list[Column]] = {}
    for schema, table, name, sql_type, nullable, optional, comment in columns:
        column = Column(name, sql_type, bool(nullable), bool(optional), comment or "")
        found.setdefault(f"{schema}.{table}", []).append(column)
    tables = {}
    for qualified, declared in found.items():
        schema, name = qualified.split(".", 1)
        key = key_of.get(qualified, ())
        tables[qualified] = TableSchema(schema, name, comment_of[qualified], tuple(declared), key)
    return tables
