"""Storage of the tables: Parquet files of record, SQL views over them, and the journal of runs."""

from pipelines.warehouse.lake import Lake, connect
from pipelines.warehouse.storage import Storage

__all__ = ["Lake", "Storage", "connect"]
