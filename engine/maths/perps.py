"""Linear (USDT-margined) perpetuals: fills, entry prices, funding, margin.

Scalars and NumPy arrays alike.  Sizes are signed in units of the base asset (short < 0), prices in
USDT per unit, rates as fractions, ``bps`` in basis points (1e-4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.market import FloatArray

Number = TypeVar("Number", float, FloatArray)

BPS = 1e-4


def fill_price(price: Number, side: float, slippage_bps: float) -> Number:
    """The reference price moved against us: ``price · (1 + side · slippage)``, side +1 buys, −1 sells."""
    return price * (1.0 + side * slippage_bps * BPS)


def unrealised_pnl(size: float, mark: Number, entry: float) -> Number:
    """``z · (m − e)`` in USDT."""
    return size * (mark - entry)


def funding_payment(size: float, mark: Number, rate: Number) -> Number:
    """USDT received at a settlement, ``−z · m · rate``: a short is paid when the rate is positive.

    Source: Binance, Bybit and OKX funding rules (long pays when the rate is positive).
    """
    return -size * mark * rate


@dataclass(frozen=True, slots=True)
class PerpFill:
    """What a trade does to a position: its new size and average entry, and the P&L it realises (USDT)."""

    size: float
    entry: float
    realised: float


def apply_trade(size: float, entry: float, quantity: float, price: float) -> PerpFill:
    """Trade ``quantity`` (signed) at ``price`` against a position ``size`` entered at ``entry``.

    Adding moves the average entry; reducing realises ``closed · (price − entry)`` and keeps it; a trade
    through zero realises the whole position and opens the rest at ``price``.
    """
    new_size = size + quantity
    if size == 0.0 or (size > 0) == (quantity > 0):
        return PerpFill(new_size, (size * entry + quantity * price) / new_size, 0.0)
    closed = min(abs(quantity), abs(size)) * (1.0 if size > 0 else -1.0)
    realised = closed * (price - entry)
    if new_size == 0.0:
        return PerpFill(0.0, 0.0, realised)
    flipped = (new_size > 0) != (size > 0)
    return PerpFill(new_size, price if flipped else entry, realised)


def margin_ratio(equity: Number, notional: Number) -> Number:
    """Account equity (USDT + unrealised P&L) over Σ|notional|; infinite without a position."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(notional > 0.0, equity / notional, np.inf)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class MarginTiers:
    """Tiered maintenance margin of one contract: ``notional · mmr(tier) − deduction(tier)``.

    ``floors`` (k,) USDT, ascending from 0; ``rates`` (k,) fractions; ``deductions`` (k,) USDT follow
    ``d_n = floor_n · (mmr_n − mmr_(n−1)) + d_(n−1)``, which makes the margin continuous.
    Source: Binance "maintenance amount", Bybit "deduction".
    """

    floors: FloatArray
    rates: FloatArray
    deductions: FloatArray

    def maintenance_margin(self, notional: Number) -> Number:
        """USDT needed to keep ``notional`` (≥ 0, at mark) open."""
        tier = np.searchsorted(self.floors, notional, side="right") - 1
        margin: Number = notional * self.rates[tier] - self.deductions[tier]
        return margin
