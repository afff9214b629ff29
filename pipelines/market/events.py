"""Tables whose rows are dated facts, not a series with a cadence: reward payouts and execution costs."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.market.schema import MARKET_SCHEMAS
from pipelines.market.series import Series
from pipelines.sources.dataset import DatasetConfig, PairProxy
from pipelines.validation.records import DatasetLoad


def build_events(config: DatasetConfig, load: DatasetLoad, allow_proxies: bool) -> Series:
    """Rows as observed, with provenance.  Nothing is projected: a row says itself from when it holds.

    A pair without costs of its own takes those of its declared proxy where ``allow_proxies``.
    """
    schema = MARKET_SCHEMAS[config.feeds.table]
    if load.blocked:
        return Series(schema.empty_table(), list(load.gaps))
    observed = load.rows
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: observed[name] for name in schema.names if name in observed.column_names
    }
    for name, value in config.feeds.identity.items():
        columns[name] = pa.repeat(pa.scalar(value, pa.string()), len(observed))
    columns["is_projected"] = pa.repeat(pa.scalar(False), len(observed))
    columns["is_proxied"] = pa.repeat(pa.scalar(False), len(observed))
    columns["proxy_of"] = pa.nulls(len(observed), pa.string())
    columns["load_id"] = pa.repeat(pa.scalar(load.load_id, pa.string()), len(observed))
    rows = pa.table([columns[name] for name in schema.names], names=schema.names).cast(schema)
    if allow_proxies:
        rows = pa.concat_tables([rows, *(_borrowed_costs(rows, borrowed) for borrowed in config.pair_proxies)])
    return Series(rows, list(load.gaps))


def _borrowed_costs(rows: pa.Table, borrowed: PairProxy) -> pa.Table:
    """Costs of the declared proxy under the name of a pair that has none of its own, flagged as such."""
    if pc.any(pc.equal(rows["pair"], borrowed.pair)).as_py():
        return rows.slice(0, 0)
    costs = rows.filter(pc.equal(rows["pair"], borrowed.proxy))
    replaced = {
        "pair": pa.repeat(pa.scalar(borrowed.pair), len(costs)),
        "is_proxied": pa.repeat(pa.scalar(True), len(costs)),
        "proxy_of": pa.repeat(pa.scalar(borrowed.proxy), len(costs)),
    }
    columns = [replaced[name] if name in replaced else costs[name] for name in rows.column_names]
    return pa.table(columns, schema=rows.schema)
