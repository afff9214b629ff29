"""What one validated load can say, and at which stamps: the raw material of a market series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engine.market import HOUR, IntArray
from pipelines.market.projection import latest_observation, usable_gas_sample
from pipelines.market.schema import epoch_seconds, time_column
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.records import DatasetLoad

GAS_TOLERANCE = 15 * 60
SLOW_TABLES = ("aave_reserves", "lst_rates")


@dataclass(frozen=True)
class Origin:
    """One dataset's observations.

    ``observed_at`` (m,) are the stamps of ``rows``; ``available_at`` (n,) the stamps it answers for with an
    observation no older than its cadence, and ``used`` (n,) the row it answers with.
    """

    dataset: str
    label: str
    load_id: str
    rows: pa.Table
    observed_at: IntArray
    available_at: IntArray
    used: IntArray

    def rows_at(self, at: IntArray) -> IntArray:
        """Row positions that answer at ``at``: the last ones available, none of them later than ``at``."""
        return self.used[latest_observation(at, self.available_at)]


def origin_of(config: DatasetConfig, load: DatasetLoad) -> Origin:
    """The stamps and rows a load delivers to its market table.  A blocked load delivers none."""
    rows = load.rows.slice(0, 0) if load.blocked else load.rows
    observed_at = epoch_seconds(rows[time_column(config.feeds.table)])
    positions = np.arange(len(observed_at), dtype=np.int64)
    available_at = observed_at
    if config.feeds.table in SLOW_TABLES and len(rows):
        available_at = hourly_stamps(observed_at, cadence_of(config))
        positions = latest_observation(available_at, observed_at)
    elif config.feeds.table == "gas_prices" and len(rows):
        sample = usable_gas_sample(observed_at, epoch_seconds(rows["block_ts"]), GAS_TOLERANCE, cadence_of(config))
        available_at, positions = observed_at[sample >= 0], sample[sample >= 0]
    return Origin(
        dataset=config.dataset,
        label=config.feeds.venue or config.dataset,
        load_id=load.load_id,
        rows=rows,
        observed_at=observed_at,
        available_at=available_at,
        used=positions,
    )


def cadence_of(config: DatasetConfig) -> int:
    """Seconds between observations.  A series that must be complete cannot be irregular."""
    seconds = config.cadence_seconds
    if seconds is None:
        raise ValueError(f"dataset {config.dataset} feeds {config.feeds.table}, which needs a regular cadence")
    return seconds


def table_cadence(config: DatasetConfig) -> int:
    """Seconds between rows of the market table: slow series are hourly there."""
    return HOUR if config.feeds.table in SLOW_TABLES else cadence_of(config)


def hourly_stamps(observed_at: IntArray, cadence: int) -> IntArray:
    """The hours at which the last observation is younger than one cadence."""
    first = -(-int(observed_at[0]) // HOUR) * HOUR
    hours = np.arange(first, int(observed_at[-1]) + cadence, HOUR, dtype=np.int64)
    age = hours - observed_at[latest_observation(hours, observed_at)]
    return hours[age < cadence]
