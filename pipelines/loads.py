"""Loads in and out of the lake: one validated dataset of one data folder, immutable, known by its content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.delivery import row_schema
from pipelines.validation.records import Check, DatasetLoad, Gap, Quarantined
from pipelines.validation.validate import content_hash, load_id, validate_dataset
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.loads import has_load, read_observed

FILE_PRESENT = "file_present"


def load_dataset(lake: Lake, root: DataRoot, config: DatasetConfig) -> DatasetLoad:
    """The dataset as its files are now: from the lake when these bytes were validated before, else validated now.

    A load with blocking problems is validated each time, because its problems name the rows to mend.
    """
    identity = load_id(config, root, content_hash(config, root))
    if has_load(lake, identity) and not _is_blocked(lake, identity):
        return read_load(lake, root, config, identity)
    load = validate_dataset(config, root)
    write_load(lake, config, load)
    return load


def write_load(lake: Lake, config: DatasetConfig, load: DatasetLoad) -> None:
    """Observed rows and findings; the row of `quality.loads` comes last and makes the load count."""
    identity = load.load_id
    constants = {"load_id": identity}
    lake.write_partition(f"observed.{config.feeds.table}", identity, load.rows, constants=constants)
    for table, records in (("checks", load.checks), ("gaps", load.gaps), ("quarantine", load.quarantine)):
        write_records(lake, f"quality.{table}", identity, records)
    row = {
        "load_id": identity,
        "dataset": load.dataset,
        "source": load.source,
        "content_hash": load.content_hash,
        "rows": load.rows.num_rows,
        "first_ts": load.first_ts,
        "last_ts": load.last_ts,
        "loaded_at": datetime.now(UTC),
        "data_root_id": load.data_root_id,
        "synthetic": load.synthetic,
        "market_table": config.feeds.table,
    }
    lake.write_partition("quality.loads", identity, row)


def write_records(lake: Lake, table: str, partition: str, records: Sequence[Check | Gap | Quarantined]) -> None:
    """One quality partition; an empty one says that nothing was found."""
    rows = pa.Table.from_pylist([record.as_row() for record in records], schema=lake.table(table).arrow_schema)
    lake.write_partition(table, partition, rows)


def read_load(lake: Lake, root: DataRoot, config: DatasetConfig, identity: str) -> DatasetLoad:
    """A sound load as it was validated.  Errors: DATA-013 when the lake does not have it."""
    row = lake.read("quality.loads", [identity]).to_pylist()[0]
    schema = row_schema(config)
    rows = read_observed(lake, config.feeds.table, identity, schema.names).cast(schema)
    checks = [Check(**found) for found in _records(lake, "quality.checks", identity)]
    return DatasetLoad(
        dataset=config.dataset,
        load_id=identity,
        data_root_id=root.data_root_id,
        source=row["source"],
        synthetic=row["synthetic"],
        content_hash=row["content_hash"],
        rows=rows,
        checks=checks,
        gaps=[Gap(**found) for found in _records(lake, "quality.gaps", identity)],
        quarantine=[Quarantined(**found) for found in _records(lake, "quality.quarantine", identity)],
        problems=[],
        first_ts=row["first_ts"],
        last_ts=row["last_ts"],
        absent=any(check.check_name == FILE_PRESENT and not check.passed for check in checks),
    )


def _records(lake: Lake, table: str, partition: str) -> list[dict[str, Any]]:
    return lake.read(table, [partition]).to_pylist()


def _is_blocked(lake: Lake, identity: str) -> bool:
    found = lake.read("quality.checks", [identity], ["severity", "passed", "check_name"]).to_pylist()
    return any(check["severity"] == "blocking" and not check["passed"] for check in found)
