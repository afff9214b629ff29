"""Shocks: pure functions from a market to a shocked market; each states its equation.

``at`` is the hour index a shock starts at, primes mark shocked series.  Hours before ``at`` are never touched, so a
run up to there is the same bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine.market import FloatArray, MarketPanel
from engine.maths.performance import HOURS_PER_YEAR

FUNDING_HOURS = 8
"""The interval a quoted funding rate is for."""


def price_move(panel: MarketPanel, at: int, move: float, hours: int) -> MarketPanel:
    """Spot and perpetuals of every asset: ``p'(t) = p(t) · (1 + move)^min((t − at)/hours, 1)``; it stays there."""
    return _scaled_prices(panel, (1.0 + move) ** _share(panel, at, hours))


def currency_fall(panel: MarketPanel, at: int, worth: float) -> MarketPanel:
    """USDT falls to ``worth`` USD while everything else keeps its USD price: ``p'(t) = p(t) / worth`` from ``at``."""
    return _scaled_prices(panel, np.where(_from(panel, at), 1.0 / worth, 1.0))


def lst_discount(panel: MarketPanel, at: int, discount: float) -> MarketPanel:
    """The DEX pays less than the oracle rate r says: ``m'(t) = min(m(t), r(t) · (1 − discount))`` from ``at``."""
    later = _from(panel, at)
    return replace(
        panel,
        market_rate={
            lst: np.where(later, np.fmin(market, panel.oracle_rate[lst] * (1.0 - discount)), market)
            for lst, market in panel.market_rate.items()
        },
    )


def dearer_borrowing(panel: MarketPanel, at: int, points: float, hours: int) -> MarketPanel:
    """The borrow rate is ``points`` higher for some hours, compounded into the index.

        B'(t) = B(t) · exp(points · min(t − at, hours) / 8760)

    An hour of Aave's three-term compounding at the sum of both rates is the product of the exponentials to 1e-16.
    """
    growth = np.exp(points * hours / HOURS_PER_YEAR * _share(panel, at, hours))
    return replace(panel, borrow_index={asset: index * growth for asset, index in panel.borrow_index.items()})


def funding_rate(panel: MarketPanel, at: int, rate: float, hours: int) -> MarketPanel:
    """Every settlement in ``(at, at + hours]`` pays ``f'(t) = rate · (hours since the one before) / 8``."""
    return replace(panel, funding={name: _replaced(series, at, rate, hours) for name, series in panel.funding.items()})


def dearer_gas(panel: MarketPanel, at: int, factor: float) -> MarketPanel:
    """``g'(t) = factor · g(t)`` from ``at``."""
    gwei = panel.gas_price_gwei
    return panel if gwei is None else replace(panel, gas_price_gwei=np.where(_from(panel, at), factor * gwei, gwei))


def frozen_venue(panel: MarketPanel, at: int, venue: str, hours: int) -> MarketPanel:
    """``frozen'(t) = at ≤ t < at + hours``: no orders, no transfers; positions, funding and margin go on."""
    index = np.arange(len(panel))
    return replace(panel, frozen={**panel.frozen, venue: (index >= at) & (index < at + hours)})


def _from(panel: MarketPanel, at: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.arange(len(panel)) >= at


def _share(panel: MarketPanel, at: int, hours: int) -> FloatArray:
    """(n,) how much of a gradual shock has happened: 0 up to ``at``, 1 from ``at + hours``."""
    share: FloatArray = np.clip((np.arange(len(panel)) - at) / hours, 0.0, 1.0)
    return share


def _scaled_prices(panel: MarketPanel, factor: FloatArray) -> MarketPanel:
    """Prices in USDT times a factor; a pool's price in WETH is a ratio and stays."""

    def scaled(prices: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        return {name: series * factor if name.endswith("USDT") else series for name, series in prices.items()}

    return replace(panel, spot=scaled(panel.spot), perp=scaled(panel.perp))


def _replaced(series: FloatArray, at: int, rate: float, hours: int) -> FloatArray:
    settled = np.flatnonzero(~np.isnan(series))
    intervals = np.diff(settled, prepend=settled[0] - FUNDING_HOURS)
    inside = (settled > at) & (settled <= at + hours)
    shocked = series.copy()
    shocked[settled[inside]] = rate * intervals[inside] / FUNDING_HOURS
    return shocked
