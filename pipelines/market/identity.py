"""What a run read: the hash of exactly those rows, and one line of provenance per series and load."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.market.schema import UTC_STAMP, epoch_seconds
from pipelines.market.source import MarketSource, SeriesRows

INPUTS_SCHEMA = pa.schema(
    [
        pa.field("series", pa.string()),
        pa.field("dataset", pa.string()),
        pa.field("load_id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("rows", pa.int64()),
        pa.field("proxied_rows", pa.int64()),
        pa.field("projected_rows", pa.int64()),
        pa.field("first_ts", UTC_STAMP),
        pa.field("last_ts", UTC_STAMP),
    ]
)
_FLAGS = ("is_projected", "is_proxied")


def data_version(read: Sequence[SeriesRows]) -> str:
    """sha256 over the rows read: stamps, numbers, flags and sources of each series, series by name.

    Neither the order of series nor ``load_id`` enters, so reloading the same rows keeps the version.
    """
    digest = hashlib.sha256()
    for found in sorted(read, key=lambda rows: rows.series.name):
        digest.update(f"{found.series.name}\x00{len(found.ts)}\x00".encode())
        digest.update(found.ts.astype("<i8").tobytes())
        for column in found.number_columns:
            # -0.0 and the payload of a NaN are not data
            numbers = found.numbers(column) + 0.0
            digest.update(np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes())
        for column in found.period_columns:
            digest.update(epoch_seconds(found.rows[column]).astype("<i8").tobytes())
        for column in _FLAGS:
            digest.update(found.flags(column).tobytes())
        for column in found.text_columns:
            _digest_text(digest, found.rows[column])
    return digest.hexdigest()


def _digest_text(digest: hashlib._Hash, column: pa.ChunkedArray) -> None:
    encoded = pc.dictionary_encode(pc.fill_null(column.cast(pa.string()), "\x00")).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    digest.update("\x00".join(encoded.dictionary.to_pylist()).encode())
    digest.update(encoded.indices.to_numpy(zero_copy_only=False).astype("<i4").tobytes())


def inputs_table(read: Sequence[SeriesRows], source: MarketSource) -> pa.Table:
    """Rows of ``results.run_inputs`` without ``run_id``: one per series and load, in that order."""
    datasets = {load.load_id: load.dataset for load in source.loads.values()}
    lines = []
    for found in sorted(read, key=lambda rows: rows.series.name):
        load_ids = np.asarray(found.rows["load_id"].to_pylist(), dtype=object)
        for load_id in sorted(set(load_ids.tolist())):
            here = load_ids == load_id
            lines.append(
                {
                    "series": found.series.name,
                    "dataset": datasets.get(load_id),
                    "load_id": load_id,
                    "source": " + ".join(sorted(set(found.rows["source"].filter(pa.array(here)).to_pylist()))),
                    "rows": int(here.sum()),
                    "proxied_rows": int((here & found.flags("is_proxied")).sum()),
                    "projected_rows": int((here & found.flags("is_projected")).sum()),
                    "first_ts": datetime.fromtimestamp(int(found.ts[here].min()), UTC),
                    "last_ts": datetime.fromtimestamp(int(found.ts[here].max()), UTC),
                }
            )
    return pa.Table.from_pylist(lines, schema=INPUTS_SCHEMA)


def source_labels(inputs: pa.Table) -> str:
    """Labels of the data folders behind the rows: ``csv`` or ``synthetic``, joined where they are mixed."""
    sources = {part for text in inputs["source"].to_pylist() for part in text.split(" + ")}
    return "+".join(sorted({part.partition("/")[0] for part in sources}))
