"""SQL for people: run a text against the views and get an Arrow table back."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from engine.errors import BasisError
from pipelines.warehouse.lake import Lake


def run_sql(text: str, project_root: Path) -> pa.Table:
    """Run one or more statements against the warehouse; the result of the last one, empty when it has none.

    The lake cannot be changed from here.  Errors: API-003 with DuckDB's own message.
    """
    with Lake(project_root).connect() as con:
        return query(con, text)


def query(con: duckdb.DuckDBPyConnection, text: str) -> pa.Table:
    """`run_sql` on a connection that is open."""
    try:
        relation = con.sql(text)
        return pa.table({}) if relation is None else relation.to_arrow_table()
    except duckdb.Error as error:
        raise BasisError("API-003", str(error), found=text.strip()) from error
