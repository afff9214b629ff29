"""Old partitions under a changed schema: new nullable columns are added as NULL, anything else is refused.

The views take their columns from the first file of a table, so all files of a table must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import BasisError, Problem
from pipelines.warehouse.schema import TableSchema


def migrate(
    folder: Path, schema: Mapping[str, TableSchema], write: Callable[[Path, pa.Table], None], where: Path
) -> list[Path]:
    """Bring every file under ``folder`` to the declared schema; the files that were rewritten.

    ``write`` replaces a file atomically.  Nothing is written when any file cannot be migrated.
    Errors: API-001 with a problem per column that was removed, changed or added NOT NULL.
    """
    outdated = list(_outdated(folder, schema))
    problems = [problem for path, table, found in outdated for problem in _obstacles(path, table, found, where)]
    if problems:
        raise BasisError(
            "API-001",
            f"stored files do not fit the schema any more ({len(problems)} columns)",
            problems=tuple(problems),
            resolution="restore the columns in warehouse/sql, or remove the named files and load or run again",
        )
    for path, table, _ in outdated:
        write(path, _extended(path, table))
    return [path for path, _, _ in outdated]


def _outdated(folder: Path, schema: Mapping[str, TableSchema]) -> Iterator[tuple[Path, TableSchema, pa.Schema]]:
    for table in schema.values():
        for path in sorted((folder / table.schema / table.name).glob("*.parquet")):
            found = pq.read_schema(path)
            if not found.equals(table.arrow_schema, check_metadata=False):
                yield path, table, found


def _obstacles(path: Path, table: TableSchema, found: pa.Schema, where: Path) -> Iterator[Problem]:
    if pq.read_metadata(path).num_rows == 0:
        return
    name = path.relative_to(where).as_posix()
    declared = {column.name: column for column in table.columns}
    for field in found:
        column = declared.pop(field.name, None)
        if column is None:
            yield Problem("API-001", name, field.name, str(field.type), f"no such column in {table.qualified}")
        elif field.type != column.arrow_type:
            yield Problem("API-001", name, field.name, str(field.type), column.declaration)
    for column in declared.values():
        if not column.nullable:
            yield Problem("API-001", name, column.name, "missing", column.declaration)


def _extended(path: Path, table: TableSchema) -> pa.Table:
    with path.open("rb") as file:
        stored = pq.ParquetFile(file).read()
    if stored.num_rows == 0:
        return table.arrow_schema.empty_table()
    arrays = [
        stored[c.name] if c.name in stored.column_names else pa.nulls(stored.num_rows, c.arrow_type)
        for c in table.columns
    ]
    return pa.Table.from_arrays(arrays, schema=table.arrow_schema)
