"""Arrow schemas of the market tables, and the conversions between Arrow stamps and epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from engine.errors import Problem
from engine.market import IntArray
from pipelines.sources.tables import MARKET_TABLES
from pipelines.validation.records import Gap

UTC_STAMP = pa.timestamp("us", tz="UTC")
_TEXT_COLUMNS = {"venue", "symbol", "asset", "lst", "token", "name", "pair", "data_quality"}
_STAMP_COLUMNS = {"ts", "payout_ts", "period_start", "period_end", "valid_from"}
_COLUMNS = {
    "spot_prices": ("ts", "venue", "symbol", "open", "high", "low", "close", "volume"),
    "perp_prices": ("ts", "venue", "symbol", "open", "high", "low", "close", "volume"),
    "funding_rates": ("ts", "venue", "symbol", "rate", "interval_hours"),
    "aave_reserves": (
        "ts", "asset", "liquidity_index", "variable_borrow_index", "supply_rate", "variable_borrow_rate",
    ),
    "lst_rates": ("ts", "lst", "oracle_rate", "market_rate"),
    "gas_prices": ("ts", "gas_price_gwei", "base_fee_gwei"),
    "reward_distributions": ("payout_ts", "token", "period_start", "period_end", "rate_per_eeth", "data_quality"),
    "execution_costs": ("pair", "size_usd", "valid_from", "cost_bps"),
    "benchmark_rates": ("ts", "name", "apy"),
}  # fmt: skip
_PROVENANCE = (
    pa.field("source", pa.string()),
    pa.field("is_projected", pa.bool_()),
    pa.field("is_proxied", pa.bool_()),
    pa.field("proxy_of", pa.string()),
    pa.field("load_id", pa.string()),
)


def _field(name: str) -> pa.Field:
    if name in _STAMP_COLUMNS:
        return pa.field(name, UTC_STAMP)
    return pa.field(name, pa.string() if name in _TEXT_COLUMNS else pa.float64())


MARKET_SCHEMAS: dict[str, pa.Schema] = {
    table: pa.schema([*(_field(name) for name in columns), *_PROVENANCE]) for table, columns in _COLUMNS.items()
}
RISK_PARAMETERS_SCHEMA = pa.schema(
    [
        pa.field("effective_from", pa.date32()),
        pa.field("venue", pa.string()),
        pa.field("key", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("unit", pa.string()),
        pa.field("source", pa.string()),
    ]
)


@dataclass(frozen=True)
class MarketTable:
    """One market table of one data folder.

    ``rows`` have ``MARKET_SCHEMAS[table]``.  ``gaps`` hold every stretch without an observation and what
    became of it.  ``problems`` are those of the datasets that feed the table; such a dataset delivers no row.
    """

    table: str
    rows: pa.Table
    gaps: list[Gap] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def time_column(table: str) -> str:
    return MARKET_TABLES[table].time


def epoch_seconds(column: pa.ChunkedArray | pa.Array) -> IntArray:
    """Epoch seconds of a stamp, date or integer (already epoch seconds) column without nulls."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        zone = getattr(column.type, "tz", None)
        micros = column.cast(pa.timestamp("us", tz=zone)).cast(pa.int64())
        return np.asarray(micros.to_numpy(), dtype=np.int64) // 1_000_000
    return np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)


def stamps(seconds: IntArray) -> pa.Array:
    """Epoch seconds as UTC stamps."""
    return pa.array(seconds * 1_000_000, type=pa.int64()).cast(UTC_STAMP)
