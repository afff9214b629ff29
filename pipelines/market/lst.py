"""Rates of liquid staking tokens: oracle and market rate are two datasets that share one row per hour.

The row's flags and origin speak for both together; ``of_one_column`` gives back those of one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.market import BoolArray, IntArray
from pipelines.market.origins import origin_of
from pipelines.market.schema import MARKET_SCHEMAS, epoch_seconds, stamps
from pipelines.market.series import Series
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.records import DatasetLoad


def merged_by_lst(configs: Sequence[DatasetConfig], built: Sequence[Series]) -> list[Series]:
    """Oracle and market rate of an LST come from different datasets and share one row per hour."""
    by_lst: dict[str, list[pa.Table]] = {}
    for config, series in zip(configs, built, strict=True):
        parts = by_lst.setdefault(str(config.feeds.lst), [])
        oracle_first = 0 if "oracle_rate" in config.columns else len(parts)
        parts.insert(oracle_first, series.rows)
    return [Series(_outer_join(parts), []) for parts in by_lst.values()]


def _outer_join(parts: Sequence[pa.Table]) -> pa.Table:
    """One row per hour of any part.  Flags add up, sources are joined, ``load_id`` is the first part's that has one."""
    if len(parts) == 1:
        return parts[0]
    stacks = [epoch_seconds(part["ts"]) for part in parts]
    hours = np.unique(np.concatenate(stacks))
    aligned = [part.take(_positions(hours, at)) for part, at in zip(parts, stacks, strict=True)]
    first, *others = aligned
    columns = {name: first[name] for name in first.column_names}
    for other in others:
        for name in ("lst", "oracle_rate", "market_rate", "load_id", "proxy_of"):
            columns[name] = pc.coalesce(columns[name], other[name])
        for name in ("is_projected", "is_proxied"):
            columns[name] = pc.or_(pc.fill_null(columns[name], False), pc.fill_null(other[name], False))
        columns["source"] = pc.binary_join_element_wise(columns["source"], other["source"], " + ", null_handling="skip")
    columns["ts"] = stamps(hours)
    return pa.table(columns).cast(MARKET_SCHEMAS["lst_rates"])


def _positions(hours: IntArray, at: IntArray) -> pa.Array:
    position = np.searchsorted(at, hours)
    present = np.isin(hours, at, assume_unique=True)
    return pa.array(np.where(present, position, 0), mask=~present)


def of_one_column(rows: pa.Table, column: str, config: DatasetConfig, load: DatasetLoad) -> pa.Table:
    """Rows that have ``column``, with flags, source and load of the dataset that delivers it.

    An hour its own observation answers for is not proxied, whatever the other rate is at that hour.
    """
    rows = rows.filter(pc.is_valid(rows[column]))
    origin = origin_of(config, load)
    ts = epoch_seconds(rows["ts"])
    own = np.isin(ts, origin.available_at)
    used = origin.rows_at(ts[own])
    answer = np.zeros(len(ts), dtype=np.int64)
    answer[own] = used
    projected = ~own
    projected[own] = origin.observed_at[used] != ts[own]
    replaced = {
        "source": _where(own, origin.rows["source"].take(pa.array(answer, mask=~own)), rows["source"]),
        "is_projected": pa.array(projected),
        "is_proxied": pc.and_(rows["is_proxied"], pa.array(~own)),
        "proxy_of": _where(own, pa.nulls(len(ts), pa.string()), rows["proxy_of"]),
        "load_id": _where(own, pa.repeat(pa.scalar(load.load_id), len(ts)), rows["load_id"]),
    }
    schema = MARKET_SCHEMAS["lst_rates"]
    return pa.table([replaced.get(name, rows[name]) for name in schema.names], schema=schema)


def _where(mask: BoolArray, yes: pa.Array | pa.ChunkedArray, no: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pa.array(mask), yes, no)
