"""Funding rates of the exchanges from the premium of the eight hours that end at the settlement.

``rate = P + clamp(I - P, ±0.05 %)``, clipped to the venue's cap, ``I = 0.01 %`` per 8 h.  ``P`` is the
average premium: weighted 1, 2, .. 8 by age on Binance and Bybit, plain on OKX.
"""

from __future__ import annotations

import numpy as np

from pipelines.sources.sample.processes import FloatArray

INTERVAL_HOURS = 8
INTEREST = 0.0001
CLAMP = 0.0005
CAP = {
    ("binance", "BTC"): 0.003,
    ("binance", "ETH"): 0.003,
    ("bybit", "BTC"): 0.005,
    ("bybit", "ETH"): 0.005,
    ("okx", "BTC"): 0.00375,
    ("okx", "ETH"): 0.0075,
}
DECIMALS = {"binance": 8, "bybit": 8, "okx": 16}
_WEIGHTS = {
    "binance": np.arange(1.0, INTERVAL_HOURS + 1),
    "bybit": np.arange(1.0, INTERVAL_HOURS + 1),
    "okx": np.ones(INTERVAL_HOURS),
}


def rate_from_premium(premium: FloatArray, cap: float) -> FloatArray:
    """The exchange formula: fraction per interval, paid by longs to shorts when positive."""
    return np.clip(premium + np.clip(INTEREST - premium, -CLAMP, CLAMP), -cap, cap)


def average_premium(premium: FloatArray, venue: str) -> FloatArray:
    """Average over each interval.  ``premium`` (8·m + 1,) at boundaries from a settlement on; result (m,)."""
    weights = _WEIGHTS[venue]
    return np.asarray(premium[1:].reshape(-1, INTERVAL_HOURS) @ (weights / weights.sum()))


def settlement_rates(premium: FloatArray, venue: str, asset: str) -> FloatArray:
    """Rates at every settlement before the closing midnight, (8·m + 1,) boundaries to (m,) rates.

    The first settlement has no past inside the sample: it uses the premium of its instant.
    """
    averages = np.concatenate([premium[:1], average_premium(premium, venue)[:-1]])
    return np.round(rate_from_premium(averages, CAP[venue, asset]), DECIMALS[venue])
