"""Performance of an hourly NAV series net of flows.

Returns are time-weighted: ``r_t = pnl_t / (NAV_t − pnl_t)`` chains over any deposit or withdrawal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.market import FloatArray

HOURS_PER_YEAR = 8760.0


@dataclass(frozen=True, slots=True)
class Performance:
    """Fractions, annualised on a year of 8,760 hours: ``apr`` simple, ``apy`` compounded.

    ``sharpe`` is the mean hourly return over its standard deviation, annualised, with no risk-free rate;
    NaN when the returns do not vary.
    """

    total_return: float
    apr: float
    apy: float
    volatility: float
    sharpe: float
    max_drawdown: float


def hourly_returns(nav: FloatArray, pnl: FloatArray) -> FloatArray:
    """Time-weighted return of each hour, (n,): P&L over the capital that earned it."""
    return pnl / (nav - pnl)


def drawdowns(returns: FloatArray) -> FloatArray:
    """Distance below the highest point so far of the return index, which starts at 1: (n,), all ≤ 0."""
    index = np.cumprod(1.0 + returns)
    return index / np.maximum(np.maximum.accumulate(index), 1.0) - 1.0


def performance(returns: FloatArray) -> Performance:
    """Summary of (n,) hourly returns; the first hour is a point in time, so n − 1 hours have passed."""
    total = float(np.prod(1.0 + returns)) - 1.0
    years = max(len(returns) - 1, 1) / HOURS_PER_YEAR
    deviation = float(np.std(returns, ddof=1)) if len(returns) > 1 else 0.0
    return Performance(
        total_return=total,
        apr=total / years,
        apy=float(np.expm1(np.log1p(total) / years)) if total > -1.0 else -1.0,
        volatility=deviation * HOURS_PER_YEAR**0.5,
        sharpe=float(np.mean(returns)) / deviation * HOURS_PER_YEAR**0.5 if deviation > 0.0 else float("nan"),
        max_drawdown=float(drawdowns(returns).min()),
    )
