"""Performance of an hourly NAV series net of flows.

Returns are time-weighted: ``r_t = pnl_t / NAV_(t−1)`` chains over any deposit or withdrawal.  The
money-weighted return beside them says what the holder earned on the money that was there.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from engine.market import FloatArray

HOURS_PER_YEAR = 8760.0

LOG_GROWTH_LIMIT, LOG_GROWTH_STEP = 20.0, 1e-13
"""Bracket and resolution of the search for the growth over a window: from e⁻²⁰ to e²⁰."""


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


def hourly_returns(nav: FloatArray, pnl: FloatArray, net_flows: FloatArray) -> FloatArray:
    """Time-weighted return of each hour, (n,): P&L over the capital that earned it, which is NAV an hour before.

    Flows arrive at the boundary, after the hour that ends there has been earned.
    """
    return pnl / (nav - pnl - net_flows)


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


def money_weighted_return(initial_capital: float, flows: FloatArray, final_nav: float) -> float:
    """Annual rate at which the capital and every flow, each from its own hour on, grow to the final NAV.

        C · g + Σ F_t · g^(1 − t/(n−1)) = NAV_(n−1),    result g^(8760/(n−1)) − 1

    ``flows`` (n,): deposits > 0 and withdrawals < 0 at their hours, the first hour being the capital's; all in one
    currency.  Without flows it is the compounded annual return (``Performance.apy``).  NaN when no growth in
    the bracket fits, as when more is withdrawn than any growth of what was there.  The root is bracketed and
    bisected by the standard library over a grid of log growths: the sum falls nowhere while what is invested at the
    rate stays positive.
    """
    hours = max(len(flows) - 1, 1)
    moved = np.flatnonzero(flows)
    amounts, remaining = flows[moved], 1.0 - moved / hours

    def excess(step: int) -> float:
        growth = step * LOG_GROWTH_STEP
        return initial_capital * float(np.exp(growth)) + float(amounts @ np.exp(growth * remaining)) - final_nav

    limit = round(LOG_GROWTH_LIMIT / LOG_GROWTH_STEP)
    if excess(-limit) > 0.0 or excess(limit) < 0.0:
        return float("nan")
    grid = range(-limit, limit + 1)
    growth = grid[bisect_left(grid, 0.0, key=excess)] * LOG_GROWTH_STEP
    return float(np.expm1(growth * HOURS_PER_YEAR / hours))
