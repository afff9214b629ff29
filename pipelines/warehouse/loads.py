"""Loads and market tables as runs read them: each run its own data folder, straight from the files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from engine.errors import BasisError
from pipelines.warehouse.lake import Lake

LOADS, ROOTS = "quality.loads", "quality.selected_roots"


def has_load(lake: Lake, load_id: str) -> bool:
    """Whether a load is in the lake, so that its files need not be parsed again.

    `quality.loads` is the last table a load writes: when its row is there, the rest is.
    """
    return lake.has(LOADS, load_id)


def read_observed(lake: Lake, market_table: str, load_id: str, columns: list[str] | None = None) -> pa.Table:
    """Validated rows of one load in the columns of ``observed.<market_table>``.  Errors: DATA-013."""
    return lake.read(f"observed.{market_table}", [load_id], columns)


def read_market(lake: Lake, market_table: str, data_root_id: str, columns: list[str] | None = None) -> pa.Table:
    """The market table of one data folder.  Errors: DATA-013 when nothing was loaded from that folder."""
    return lake.read(f"market.{market_table}", [data_root_id], columns)


def select_root(lake: Lake, data_root_id: str, data_dir: Path, label: str, synthetic: bool) -> None:
    """Make `market.*` show this folder: called at the end of each load of it."""
    row = {
        "data_root_id": data_root_id,
        "data_dir": str(data_dir.resolve()),
        "label": label,
        "synthetic": synthetic,
        "selected_at": datetime.now(UTC),
    }
    lake.write_partition(ROOTS, data_root_id, row)


def selected_root(lake: Lake) -> str:
    """The folder `market.*` shows.  Errors: DATA-013 when none was ever loaded."""
    roots = lake.read(ROOTS).sort_by([("selected_at", "descending")])
    if roots.num_rows == 0:
        raise BasisError("DATA-013", "no data folder was ever loaded", looked_in=str(lake.folder / "quality"))
    return str(roots["data_root_id"][0].as_py())
