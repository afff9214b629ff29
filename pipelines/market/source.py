"""What a run reads from: the market tables of one data folder, with the loads and declarations behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.config.mode import DataRequirements, ModeConfig
from engine.market import BoolArray, FloatArray, IntArray
from pipelines.market.lst import of_one_column
from pipelines.market.schema import MARKET_SCHEMAS, MarketTable, epoch_seconds, time_column
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.tables import MARKET_TABLES
from pipelines.validation.records import DatasetLoad

EVENT_TABLES = ("execution_costs", "reward_distributions")
_PREFIX = {
    "spot_prices": "spot",
    "perp_prices": "perp",
    "funding_rates": "funding",
    "aave_reserves": "aave",
    "gas_prices": "gas",
    "execution_costs": "execution_costs",
    "reward_distributions": "rewards",
}


@dataclass(frozen=True)
class RequiredSeries:
    """One series a mode may read: its table, its key there, and the column it needs where a table holds two."""

    table: str
    key: str
    column: str | None = None

    @property
    def name(self) -> str:
        """``spot:binance:BTCUSDT``, ``oracle_rate:weETH``, ``gas``: the key of the panel's flags and of the inputs."""
        prefix = self.column or _PREFIX[self.table]
        return f"{prefix}:{self.key}" if self.key else prefix

    @property
    def identity(self) -> dict[str, str]:
        """Key columns of the series in its table."""
        columns = ("pair",) if self.table == "execution_costs" else MARKET_TABLES[self.table].identity
        return dict(zip(columns, self.key.split(":"), strict=True)) if columns else {}


def required_series(mode: ModeConfig) -> list[RequiredSeries]:
    """The mode's data requirements, one series each.

    The DEX rate of an LST is required where the mode values by it; elsewhere the oracle rate is.
    """
    needs: DataRequirements = mode.data_requirements
    keyed: list[tuple[str, Iterable[str]]] = [
        ("spot_prices", needs.spot_prices),
        ("perp_prices", needs.perp_prices),
        ("funding_rates", needs.funding_rates),
        ("aave_reserves", needs.aave_reserves),
        ("execution_costs", needs.execution_costs),
        ("reward_distributions", needs.reward_distributions),
    ]
    series = [RequiredSeries(table, key) for table, keys in keyed for key in keys]
    series += [RequiredSeries("lst_rates", lst, "oracle_rate") for lst in needs.lst_rates]
    if mode.valuation == "market":
        series += [RequiredSeries("lst_rates", lst, "market_rate") for lst in needs.lst_rates]
    if needs.gas_prices:
        series.append(RequiredSeries("gas_prices", ""))
    return series


@dataclass(frozen=True)
class SeriesRows:
    """Rows of one series, ascending in time; ``ts`` (n,) are their epoch seconds."""

    series: RequiredSeries
    ts: IntArray
    rows: pa.Table

    @classmethod
    def of(cls, series: RequiredSeries, rows: pa.Table) -> SeriesRows:
        return cls(series, epoch_seconds(rows[time_column(series.table)]), rows)

    def between(self, first: int, last: int) -> SeriesRows:
        start, stop = np.searchsorted(self.ts, [first, last + 1])
        return SeriesRows(self.series, self.ts[start:stop], self.rows.slice(int(start), int(stop - start)))

    def numbers(self, column: str) -> FloatArray:
        """A number column (n,), NaN where it is null."""
        return np.asarray(self.rows[column].to_numpy(), dtype=np.float64)

    def flags(self, column: str) -> BoolArray:
        return np.asarray(self.rows[column].to_numpy(), dtype=np.bool_)

    @property
    def period_columns(self) -> list[str]:
        """Further stamps of a row: the earning period of a reward."""
        return ["period_start", "period_end"] if self.series.table == "reward_distributions" else []

    @property
    def text_columns(self) -> list[str]:
        """``source`` and ``proxy_of``, and the keys and notes of dated facts: text that tells rows apart."""
        notes = ["data_quality"] if self.series.table == "reward_distributions" else []
        return ["source", "proxy_of", *notes]

    @property
    def number_columns(self) -> list[str]:
        schema = MARKET_SCHEMAS[self.series.table]
        return [name for name in schema.names if schema.field(name).type == pa.float64()]


@dataclass(frozen=True)
class MarketSource:
    """``tables`` by name (columns of ``MARKET_SCHEMAS``, more are ignored), ``loads`` and ``datasets`` by dataset."""

    tables: Mapping[str, pa.Table]
    loads: Mapping[str, DatasetLoad]
    datasets: Mapping[str, DatasetConfig]

    @classmethod
    def of(
        cls, tables: Iterable[MarketTable], loads: Mapping[str, DatasetLoad], datasets: Mapping[str, DatasetConfig]
    ) -> MarketSource:
        """A source over tables just built, without a lake in between."""
        return cls({table.table: table.rows for table in tables}, loads, datasets)

    def rows(self, series: RequiredSeries, allow_proxies: bool) -> SeriesRows:
        """All rows of a series; proxied and filled ones only where they are allowed."""
        rows = self.tables[series.table] if series.table in self.tables else MARKET_SCHEMAS[series.table].empty_table()
        for column, value in series.identity.items():
            rows = rows.filter(pc.equal(rows[column], value))
        if series.column is not None:
            rows = rows.filter(pc.is_valid(rows[series.column]))
            if not self.unusable(series):
                config = self.datasets_of(series)[0]
                rows = of_one_column(rows, series.column, config, self.loads[config.dataset])
        if not allow_proxies:
            rows = rows.filter(pc.invert(rows["is_proxied"]))
        order = (time_column(series.table), *MARKET_TABLES[series.table].row_keys)
        return SeriesRows.of(series, rows.sort_by([(column, "ascending") for column in order]))

    def datasets_of(self, series: RequiredSeries) -> list[DatasetConfig]:
        """The declarations that feed a series, by name: one for a series with a cadence, any number for dated facts."""
        return [
            config
            for _, config in sorted(self.datasets.items())
            if config.feeds.table == series.table
            and (series.table == "execution_costs" or config.feeds.identity == series.identity)
            and (series.column is None or series.column in config.columns)
        ]

    def unusable(self, series: RequiredSeries) -> bool:
        """Whether a dataset behind the series is undeclared, not loaded or blocked."""
        configs = self.datasets_of(series)
        return not configs or any(
            config.dataset not in self.loads or self.loads[config.dataset].blocked for config in configs
        )


class RunWindow(Protocol):
    """The part of a run's configuration that says what may be read."""

    @property
    def mode(self) -> ModeConfig: ...
    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...
    @property
    def allow_proxies(self) -> bool: ...
