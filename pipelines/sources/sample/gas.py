"""Gas: the log base fee is an Ornstein-Uhlenbeck process with a daily rhythm and spikes; tips are small.

Like the real file, every even-hour row is a block mined about 59 minutes before its label, minutes
after the odd-hour sample in front of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sources.sample import regimes
from pipelines.sources.sample.processes import FloatArray, IntArray, ornstein_uhlenbeck, stream
from pipelines.sources.sample.window import HOUR, SampleWindow

MEDIAN_BASE_FEE = 4.7
SECONDS_PER_BLOCK = 12.06
FIRST_BLOCK, FIRST_BLOCK_AT = 24_100_000, 1_766_880_000
"""Block numbers count from a made-up anchor (2025-12-28 00:00 UTC)."""
GAS_DECIMALS = 2


@dataclass(frozen=True)
class Gas:
    """Samples (n,) by hour label: fees in gwei, and the time and number of the block they were read from."""

    base_fee: FloatArray
    tip_p25: FloatArray
    tip_p50: FloatArray
    tip_p75: FloatArray
    block_timestamp: IntArray
    block_number: IntArray

    @property
    def price(self) -> FloatArray:
        return np.round(self.base_fee + self.tip_p50, GAS_DECIMALS)


def block_number(timestamps: IntArray) -> IntArray:
    """The last block at or before each instant."""
    return np.asarray(FIRST_BLOCK + np.floor((timestamps - FIRST_BLOCK_AT) / SECONDS_PER_BLOCK), dtype=np.int64)


def simulate_gas(window: SampleWindow, seed: int) -> Gas:
    """Draw the gas file."""
    rng = stream(seed, "gas")
    hours = window.hours
    size = len(hours)
    age = np.where((hours // HOUR) % 2 == 1, 35, -3530) + rng.integers(-12, 13, size)
    age[0] = -60
    sampled_hour = np.clip(np.arange(size) + np.round(age / HOUR).astype(np.int64), 0, None)
    rhythm = 0.30 * np.sin((np.arange(size) % 24 - 9) / 24.0 * 2.0 * np.pi)
    crisis = (2.9 * regimes.GAS_SPIKE.bump(window, 3.0, 6.0) + 2.2 * regimes.CRASH.bump(window, 8.0, 10.0))[:-1]
    level = np.log(MEDIAN_BASE_FEE) + ornstein_uhlenbeck(rng, size, half_life=20.0, sd=0.55) + rhythm + crisis
    minutes_apart = 0.03 * rng.standard_normal(size)
    base_fee = np.round(np.clip(np.exp(level[sampled_hour] + minutes_apart), 0.05, 500.0), GAS_DECIMALS)
    p25 = np.round(0.02 + 0.05 * rng.random(size), GAS_DECIMALS)
    p50 = np.round(p25 + rng.exponential(0.12, size), GAS_DECIMALS)
    p75 = np.round(p50 + 0.3 + rng.exponential(0.9, size), GAS_DECIMALS)
    timestamps = hours + age
    return Gas(base_fee, p25, p50, p75, timestamps, block_number(timestamps))
