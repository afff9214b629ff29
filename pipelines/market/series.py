"""One market series out of its own load and its declared proxies, row by row with provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from engine.market import BoolArray, FloatArray, IntArray
from pipelines.market.origins import GAS_TOLERANCE, Origin, cadence_of, origin_of, table_cadence
from pipelines.market.projection import compounded_growth, linear_growth, project_index
from pipelines.market.resolve import FILLED, OWN, UNRESOLVED, Resolution, resolve
from pipelines.market.schema import MARKET_SCHEMAS, epoch_seconds, stamps
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.records import DatasetLoad, Gap


@dataclass(frozen=True)
class Series:
    """Rows of one series in its table's schema, ascending in time, and its holes."""

    rows: pa.Table
    gaps: list[Gap]


def build_series(
    config: DatasetConfig,
    datasets: Mapping[str, DatasetConfig],
    loads: Mapping[str, DatasetLoad],
    allow_proxies: bool,
) -> Series:
    """Resolve and project one dataset.  A proxy that is not loaded, or is blocked, fills nothing."""
    load = loads[config.dataset]
    if load.blocked:
        return Series(MARKET_SCHEMAS[config.feeds.table].empty_table(), list(load.gaps))
    origins = [origin_of(config, load)]
    origins += [origin_of(datasets[name], loads[name]) for name in config.proxies if name in loads]
    resolution = resolve(
        own=origins[OWN].available_at,
        proxies=[proxy.available_at for proxy in origins[1:]],
        cadence=table_cadence(config),
        policy=config.gap_policy,
        absent=load.absent,
        allow_proxies=allow_proxies,
    )
    return Series(_rows(config, origins, resolution), _gaps(config, origins, resolution))


def _rows(config: DatasetConfig, origins: Sequence[Origin], resolution: Resolution) -> pa.Table:
    schema = MARKET_SCHEMAS[config.feeds.table]
    chosen, observed_at = _chosen_rows(origins, resolution)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "ts": stamps(resolution.ts),
        "source": chosen["source"],
        "is_projected": pa.array(_projected(config, chosen, observed_at, resolution.ts)),
        "is_proxied": pa.array((resolution.origin != OWN) | resolution.filled),
        "proxy_of": _proxy_of(origins, resolution),
        "load_id": _labels([origin.load_id for origin in origins], resolution.origin),
    }
    for name, value in config.feeds.identity.items():
        columns[name] = pa.repeat(pa.scalar(value, pa.string()), len(resolution.ts))
    if config.feeds.table == "funding_rates":
        columns["interval_hours"] = pa.array(_interval_hours(resolution.ts, cadence_of(config)))
    if config.feeds.table == "aave_reserves":
        columns.update(_projected_indices(origins, resolution))
    for name in config.table.values:
        columns.setdefault(name, chosen[name])
    return pa.table([columns[name] for name in schema.names], names=schema.names).cast(schema)


def _chosen_rows(origins: Sequence[Origin], resolution: Resolution) -> tuple[pa.Table, IntArray]:
    """The observation behind each resolved stamp (n rows) and its own stamp (n,)."""
    position = np.empty(len(resolution.ts), dtype=np.int64)
    offset = 0
    for number, origin in enumerate(origins):
        here = resolution.origin == number
        position[here] = origin.rows_at(resolution.ts[here]) + offset
        offset += len(origin.rows)
    shared = [
        name for name in origins[OWN].rows.column_names if all(name in origin.rows.column_names for origin in origins)
    ]
    stacked = pa.concat_tables([origin.rows.select(shared) for origin in origins], promote_options="permissive")
    observed_at = np.concatenate([origin.observed_at for origin in origins])
    return stacked.take(pa.array(position)), observed_at[position]


def _projected(config: DatasetConfig, chosen: pa.Table, observed_at: IntArray, ts: IntArray) -> BoolArray:
    projected = observed_at != ts
    if config.feeds.table == "gas_prices":
        projected |= np.abs(epoch_seconds(chosen["block_ts"]) - ts) > GAS_TOLERANCE
    return np.asarray(projected, dtype=np.bool_)


def _projected_indices(origins: Sequence[Origin], resolution: Resolution) -> dict[str, pa.Array]:
    growth_of = {
        "liquidity_index": ("supply_rate", linear_growth),
        "variable_borrow_index": ("variable_borrow_rate", compounded_growth),
    }
    columns: dict[str, pa.Array] = {}
    for column, (rate_column, growth) in growth_of.items():
        values: FloatArray = np.empty(len(resolution.ts), dtype=np.float64)
        for number, origin in enumerate(origins):
            here = resolution.origin == number
            if not here.any():
                continue
            at = resolution.ts[here]
            first_rate = origin.rows[rate_column].to_numpy().astype(np.float64)[:1]
            first_growth = growth(first_rate, at - origin.observed_at[0])
            index = origin.rows[column].to_numpy().astype(np.float64)
            values[here] = project_index(at, origin.observed_at, index, first_growth)
        columns[column] = pa.array(values)
    return columns


def _interval_hours(ts: IntArray, cadence: int) -> FloatArray:
    """Hours since the settlement before; the cadence after a hole and for the first one."""
    since = np.diff(ts, prepend=ts[:1] - cadence)
    return np.minimum(since, cadence) / 3600.0


def _labels(names: Sequence[str], number: IntArray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(number, pa.int32()), pa.array(names, pa.string())).cast(pa.string())


def _proxy_of(origins: Sequence[Origin], resolution: Resolution) -> pa.Array:
    """Label of the series a filled or proxied row was taken from: for a fill that is the series itself."""
    flagged = (resolution.origin != OWN) | resolution.filled
    number = pa.array(resolution.origin.astype(np.int32), mask=~flagged)
    return pa.DictionaryArray.from_arrays(number, pa.array([origin.label for origin in origins])).cast(pa.string())


def _gaps(config: DatasetConfig, origins: Sequence[Origin], resolution: Resolution) -> list[Gap]:
    venue, symbol = config.gap_labels
    fates = {UNRESOLVED: "unresolved", FILLED: "forward_filled"}
    fates |= {number: f"proxied:{origin.dataset}" for number, origin in enumerate(origins) if number != OWN}
    return [
        Gap(
            load_id=origins[OWN].load_id,
            dataset=config.dataset,
            venue=venue,
            symbol=symbol,
            gap_start=datetime.fromtimestamp(hole.start, UTC),
            gap_end=datetime.fromtimestamp(hole.end, UTC),
            missing=hole.missing,
            resolution=fates[hole.fate],
        )
        for hole in resolution.holes
    ]
