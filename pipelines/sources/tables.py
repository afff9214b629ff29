"""The market tables a dataset can feed: their time column, their key and their value columns."""

from __future__ import annotations

from dataclasses import dataclass

TEXT_COLUMNS = frozenset({"pair", "data_quality"})
INSTANT_COLUMNS = frozenset({"period_start", "period_end", "block_ts"})


@dataclass(frozen=True, slots=True)
class MarketTable:
    """``identity`` columns come from the dataset file, ``row_keys`` and ``values`` from the rows of the raw file."""

    name: str
    identity: tuple[str, ...]
    values: tuple[str, ...]
    time: str = "ts"
    row_keys: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of the raw rows that must be unique within one dataset."""
        return (self.time, *self.row_keys)


_OHLCV = ("open", "high", "low", "close", "volume")

MARKET_TABLES: dict[str, MarketTable] = {
    table.name: table
    for table in (
        MarketTable("spot_prices", ("venue", "symbol"), _OHLCV),
        MarketTable("perp_prices", ("venue", "symbol"), _OHLCV),
        MarketTable("funding_rates", ("venue", "symbol"), ("rate",)),
        MarketTable(
            "aave_reserves",
            ("asset",),
            ("liquidity_index", "variable_borrow_index", "supply_rate", "variable_borrow_rate"),
        ),
        MarketTable("lst_rates", ("lst",), ("oracle_rate", "market_rate")),
        MarketTable("gas_prices", (), ("gas_price_gwei", "base_fee_gwei"), extras=("block_ts",)),
        MarketTable(
            "reward_distributions",
            ("token",),
            ("rate_per_eeth", "data_quality"),
            time="payout_ts",
            row_keys=("period_start", "period_end"),
        ),
        MarketTable("execution_costs", (), ("cost_bps",), time="valid_from", row_keys=("pair", "size_usd")),
        MarketTable("benchmark_rates", ("name",), ("apy",)),
    )
}
