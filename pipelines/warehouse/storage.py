"""The seam for other back ends: what the rest of the system may ask of a store of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from pipelines.warehouse.conform import Rows


class Storage(Protocol):
    """Tables cut into partitions; a partition is replaced whole, and readers see the old or the new one.

    `Lake` keeps Parquet files on one machine.  A store for many machines (DuckLake with a PostgreSQL
    catalog, for instance) implements the same five methods.
    """

    def write_partition(
        self, table: str, partition: str, rows: Rows, *, constants: Mapping[str, Any] | None = None
    ) -> None:
        """Replace one partition.  Errors: API-001 when rows do not fit the declared schema."""

    def read(
        self, table: str, partitions: Sequence[str] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Rows of the named partitions, or of all.  Errors: DATA-013 or API-002 for one that is not there."""

    def has(self, table: str, partition: str) -> bool:
        """Whether the partition exists."""

    def partitions(self, table: str) -> list[str]:
        """Names of the existing partitions, sorted."""

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection for reading with SQL: every view of the SQL contract, times in UTC."""
