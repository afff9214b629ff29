"""The hourly market a run reads: one immutable block of arrays, aligned on hour boundaries.

Every array has one entry per hour of the window and holds what was known at that hour (mechanics
§1): prices are opens of the bar that opens at the hour, indices and rates are projected causally,
and ``funding`` is NaN where nothing settles.  How the arrays come about is not the engine's
business; it sees this type only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from engine.errors import BasisError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

HOUR = 3600


def iso_hour(epoch_seconds: int) -> str:
    """``1715472000`` → ``2024-05-12T00:00Z``."""
    return datetime.fromtimestamp(int(epoch_seconds), UTC).strftime("%Y-%m-%dT%H:%MZ")


@dataclass(frozen=True, slots=True)
class ExecutionCostCurve:
    """Slippage of one pair in basis points, by size bucket (USD) and by the date it became valid.

    ``sizes_usd`` (k,), ascending; ``valid_from`` (m,) epoch seconds, ascending; ``bps`` (m, k).
    """

    sizes_usd: FloatArray
    valid_from: IntArray
    bps: FloatArray

    def bucket(self, notional_usd: float) -> int:
        """The smallest bucket that holds ``notional_usd``; the largest one when none does."""
        return min(bisect_left(self.sizes_usd.tolist(), notional_usd), len(self.sizes_usd) - 1)

    def cost_bps(self, epoch_seconds: int, notional_usd: float) -> float:
        """Basis points at that hour for that size.  Errors: DATA-003 before the first valid date."""
        row = int(np.searchsorted(self.valid_from, epoch_seconds, side="right")) - 1
        if row < 0:
            raise BasisError(
                "DATA-003",
                f"no execution cost is known at {iso_hour(epoch_seconds)}",
                found=f"the first one is valid from {iso_hour(int(self.valid_from[0]))}",
            )
        return float(self.bps[row, self.bucket(notional_usd)])


@dataclass(frozen=True, slots=True)
class RewardDistribution:
    """A discrete payout: ``rate_per_eeth`` tokens per eETH held on average over the earning period."""

    token: str
    period_start: int
    period_end: int
    payout: int
    rate_per_eeth: float
    data_quality: str


@dataclass(frozen=True, slots=True)
class MarketPanel:
    """Everything a run may read, hour by hour.

    ``hours`` (n,) epoch seconds in steps of 3600.  Keys are ``venue:symbol`` for prices and funding
    (``binance:BTCUSDT``), the asset for Aave indices (``USDT``), the token for LST rates (``weETH``)
    and the pair for execution costs (``BTCUSDT-PERP``).  Prices are USDT per token (WETH per token
    for Uniswap's reward tokens), indices in units of 1.0, rates fractions per settlement.
    ``proxied`` marks hours whose value came from a declared proxy, keyed ``spot:…``, ``perp:…`` and so on.
    ``frozen`` marks, by venue, hours at which it accepts neither orders nor transfers; positions there live on.
    """

    hours: IntArray
    spot: Mapping[str, FloatArray] = field(default_factory=dict)
    perp: Mapping[str, FloatArray] = field(default_factory=dict)
    funding: Mapping[str, FloatArray] = field(default_factory=dict)
    liquidity_index: Mapping[str, FloatArray] = field(default_factory=dict)
    borrow_index: Mapping[str, FloatArray] = field(default_factory=dict)
    oracle_rate: Mapping[str, FloatArray] = field(default_factory=dict)
    market_rate: Mapping[str, FloatArray] = field(default_factory=dict)
    gas_price_gwei: FloatArray | None = None
    execution_costs: Mapping[str, ExecutionCostCurve] = field(default_factory=dict)
    rewards: tuple[RewardDistribution, ...] = ()
    proxied: Mapping[str, BoolArray] = field(default_factory=dict)
    frozen: Mapping[str, BoolArray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.hours)

    def is_frozen(self, venue: str, hour: int) -> bool:
        """Does the venue refuse orders and transfers at an hour index?"""
        return venue in self.frozen and bool(self.frozen[venue][hour])
