"""Market tables of one data folder in the lake: which loads they were built from, and bringing them up to date.

A run loads only the datasets its mode needs, so a build replaces the series of those datasets and keeps the
others.  Two runs may do that at once; a lock per folder orders them.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.loads import write_records
from pipelines.market.cross_venue import cross_venue_checks
from pipelines.market.schema import MARKET_SCHEMAS, MarketTable
from pipelines.market.tables import build_market_table
from pipelines.project import code_version
from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.tables import MARKET_TABLES
from pipelines.validation.records import DatasetLoad, Gap
from pipelines.warehouse.files import write_atomically
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.loads import read_market

COMPARED_TABLES = ("spot_prices", "perp_prices")


@dataclass
class Builds:
    """Which loads the stored market rows of a folder come from, and the code that built them.

    ``inputs[dataset]`` are the load of the dataset itself, then those of its declared proxies.
    """

    code: str
    inputs: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, lake: Lake, root: DataRoot) -> Builds:
        path = _builds_path(lake, root)
        return cls(**orjson.loads(path.read_bytes())) if path.is_file() else cls(code_version())

    def write(self, lake: Lake, root: DataRoot) -> None:
        content = orjson.dumps({"code": self.code, "inputs": self.inputs}, option=orjson.OPT_SORT_KEYS)
        write_atomically(_builds_path(lake, root), lake.staging, partial(_put, content))


def update_table(
    lake: Lake, root: DataRoot, datasets: Mapping[str, DatasetConfig], table: str, loads: Mapping[str, DatasetLoad]
) -> pa.Table:
    """Bring the stored table up to date with ``loads``; returns its rows as far as these loads give them.

    Nothing is built or written when the stored rows come from the same loads and the same code.
    """
    feeding = {name: load for name, load in loads.items() if datasets[name].feeds.table == table}
    inputs = {name: _inputs(datasets[name], loads) for name in feeding}
    with _locked(lake, root):
        builds = Builds.read(lake, root)
        same = builds.code == code_version() and all(builds.inputs.get(name) == ids for name, ids in inputs.items())
        if same:
            return stored_rows(lake, root, table)
        built = build_market_table(table, loads, datasets)
        sound = {name for name, load in feeding.items() if not load.blocked}
        _store(lake, root, datasets, built, sound)
        if builds.code != code_version():
            builds = Builds(code_version())
        builds.inputs.update({name: inputs[name] for name in sound})
        builds.write(lake, root)
    return built.rows


def stored_rows(lake: Lake, root: DataRoot, table: str) -> pa.Table:
    """The folder's table in the columns runs read.  Errors: DATA-013 when nothing was loaded from the folder."""
    return read_market(lake, table, root.data_root_id, MARKET_SCHEMAS[table].names).cast(MARKET_SCHEMAS[table])


def market_partition(table: str, root: DataRoot) -> str:
    """Partition of `quality.gaps` and `quality.checks` that holds what building a table found."""
    return f"{table}-{root.data_root_id}"


def _inputs(config: DatasetConfig, loads: Mapping[str, DatasetLoad]) -> list[str]:
    return [loads[name].load_id for name in (config.dataset, *config.proxies) if name in loads]


def _store(
    lake: Lake, root: DataRoot, datasets: Mapping[str, DatasetConfig], built: MarketTable, sound: set[str]
) -> None:
    """Write what was built, and beside it the stored series that these loads do not replace."""
    table, partition = f"market.{built.table}", market_partition(built.table, root)
    rows, gaps = built.rows, built.gaps
    if lake.has(table, root.data_root_id):
        kept = {config.feeds.series for name, config in datasets.items() if name not in sound}
        replaced = {datasets[name].feeds.series for name in sound}
        stored = stored_rows(lake, root, built.table)
        rows = pa.concat_tables([rows, stored.filter(_of_series(built.table, stored, kept - replaced))])
        gaps = [*gaps, *_stored_gaps(lake, partition, {gap.dataset for gap in gaps} | sound)]
    keys = [name for name in lake.table(table).key if name != "data_root_id"]
    rows = rows.sort_by([(name, "ascending") for name in keys])
    lake.write_partition(table, root.data_root_id, rows, constants={"data_root_id": root.data_root_id})
    write_records(lake, "quality.gaps", partition, gaps)
    if built.table in COMPARED_TABLES:
        write_records(lake, "quality.checks", partition, cross_venue_checks(built.table, rows, partition))


def _of_series(table: str, rows: pa.Table, series: set[str]) -> pa.ChunkedArray | pa.Array:
    """Mask of the rows that belong to one of ``series``, spelled as ``Feeds.series`` does."""
    identity = MARKET_TABLES[table].identity
    if not identity:
        return pa.repeat(pa.scalar(table in series), rows.num_rows)
    names = pc.binary_join_element_wise(*(rows[column] for column in identity), ":")
    return pc.is_in(names, value_set=pa.array(sorted(series), pa.string()))


def _stored_gaps(lake: Lake, partition: str, renewed: set[str]) -> list[Gap]:
    if not lake.has("quality.gaps", partition):
        return []
    stored = lake.read("quality.gaps", [partition]).to_pylist()
    return [Gap(**gap) for gap in stored if gap["dataset"] not in renewed]


def _put(content: bytes, stream: BinaryIO) -> None:
    stream.write(content)


def _builds_path(lake: Lake, root: DataRoot) -> Path:
    return lake.folder / "builds" / f"{root.data_root_id}.json"


@contextmanager
def _locked(lake: Lake, root: DataRoot) -> Iterator[None]:
    """One writer of a folder's tables at a time; the system lets go of the lock of a killed process."""
    path = lake.folder / "builds" / f"{root.data_root_id}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
