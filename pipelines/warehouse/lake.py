"""The lake: Parquet of record, one file per (table, partition), under `warehouse/lake`.

Layout: ``lake/<schema>/<table>/<partition>.parquet``; temporary files live in ``lake/.staging``, outside
every glob.  ``_seed.parquet`` holds no rows and gives each view its columns from the first day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import BasisError
from pipelines.warehouse.catalog import build_catalog, catalog_digest, quoted, stored_digest
from pipelines.warehouse.conform import Rows, conform
from pipelines.warehouse.files import sweep_temporaries, write_atomically
from pipelines.warehouse.migration import migrate
from pipelines.warehouse.schema import SQL_DIR, TableSchema, load_schema

SEED = "_seed"
ATTACH_ATTEMPTS = 3
_PARTITION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")


class Lake:
    """The warehouse of one project folder.  Implements `Storage`."""

    def __init__(self, project_root: Path, sql_dir: Path = SQL_DIR) -> None:
        self.root = project_root.resolve()
        self.sql_dir = sql_dir
        self.folder = self.root / "warehouse" / "lake"
        self.staging = self.folder / ".staging"
        self.database = self.root / "warehouse" / "basis.duckdb"
        self.schema = load_schema(sql_dir)

    def table(self, name: str) -> TableSchema:
        """The declaration of ``schema.table``.  Errors: API-001 listing the tables there are."""
        if name not in self.schema:
            there = ", ".join(sorted(self.schema))
            raise BasisError("API-001", f"there is no table {name}", expected=there, looked_in=str(self.sql_dir))
        return self.schema[name]

    def path(self, table: str, partition: str) -> Path:
        declared = self.table(table)
        if not _PARTITION.match(partition):
            raise BasisError(
                "API-001",
                f"{partition!r} cannot name a partition of {table}",
                expected="letters, digits, '.', '_' and '-', beginning with a letter or digit, up to 200",
            )
        return self.folder / declared.schema / declared.name / f"{partition}.parquet"

    def write_partition(
        self, table: str, partition: str, rows: Rows, *, constants: Mapping[str, Any] | None = None
    ) -> None:
        """Replace one partition by ``rows`` (see `conform`); ``constants`` fill a column with one value.

        Errors: API-001 when rows do not fit the declaration or the disk refuses; the old partition then stays.
        """
        target = self.path(table, partition)
        fitted = conform(self.table(table), rows, constants or {}, f"{table}/{partition}")
        self._write(target, fitted)

    def read(
        self, table: str, partitions: Sequence[str] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Stored rows in partition order.  Errors: see `Storage.read`."""
        declared = self.table(table)
        names = self.partitions(table) if partitions is None else partitions
        wanted = list(columns) if columns is not None else list(declared.column_names)
        empty = declared.arrow_schema.empty_table().select(wanted)
        return pa.concat_tables([empty, *(self._read(table, name, wanted) for name in names)])

    def has(self, table: str, partition: str) -> bool:
        return self.path(table, partition).is_file()

    def partitions(self, table: str) -> list[str]:
        declared = self.table(table)
        found = (path.stem for path in (self.folder / declared.schema / declared.name).glob("*.parquet"))
        return sorted(name for name in found if name != SEED)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A fresh connection with the views, ``root`` set and times in UTC.  Nothing in the lake can be written.

        The views are attached read-only to an in-memory database, so temporary tables work, and a catalog
        that was rebuilt meanwhile is seen.
        """
        con = duckdb.connect()
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"SET VARIABLE root = {quoted(str(self.root))}")
        self._attach(con)
        con.execute("USE basis")
        return con

    def refresh_catalog(self) -> bool:
        """Build `basis.duckdb` when the SQL files changed or it is missing or unreadable.  True when it was built.

        Partitions written under an earlier schema are brought up to date.  Errors: API-001, see `migration.migrate`.
        """
        for declared in self.schema.values():
            seed = self.folder / declared.schema / declared.name / f"{SEED}.parquet"
            if not seed.is_file():
                self._write(seed, declared.arrow_schema.empty_table())
        if stored_digest(self.database) == catalog_digest(self.sql_dir):
            return False
        migrate(self.folder, self.schema, self._write, self.root)
        build_catalog(self.root, self.schema, self.sql_dir, self.database, self.staging)
        return True

    def sweep(self) -> list[Path]:
        """Remove temporary files of dead writers.  Lost runs are another matter: see `runs.sweep_runs`."""
        return sweep_temporaries(self.staging)

    def _write(self, target: Path, rows: pa.Table) -> None:
        write = partial(pq.write_table, rows, compression="zstd", compression_level=1)
        write_atomically(target, self.staging, write)

    def _attach(self, con: duckdb.DuckDBPyConnection) -> None:
        for attempt in range(ATTACH_ATTEMPTS):
            self.refresh_catalog()
            try:
                con.execute(f"ATTACH {quoted(str(self.database))} AS basis (READ_ONLY)")
            except duckdb.IOException:  # the file was deleted since it was looked at; it can be built at any time
                if attempt + 1 == ATTACH_ATTEMPTS:
                    raise
            else:
                return

    def _read(self, table: str, partition: str, columns: list[str]) -> pa.Table:
        try:
            with self.path(table, partition).open("rb") as file:  # one handle: a replacement meanwhile is not seen
                return pq.ParquetFile(file).read(columns=columns)
        except FileNotFoundError:
            there = self.partitions(table)
            raise BasisError(
                "API-002" if table.startswith("results.") else "DATA-013",
                f"{table} has no partition {partition}",
                looked_in=str(self.path(table, partition).parent),
                found=", ".join(there[:20]) + (f" and {len(there) - 20} more" if len(there) > 20 else "") or "none",
            ) from None


def connect(project_root: Path) -> duckdb.DuckDBPyConnection:
    """Every table of the warehouse for reading; see `Lake.connect`."""
    return Lake(project_root).connect()
