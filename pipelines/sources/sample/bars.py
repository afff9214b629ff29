"""Hourly bars from boundary prices: ``open`` is the price at T, ``close`` the price an hour later.

``high = max(open, close)·e^u``, ``low = min(open, close)·e^-d`` with half-normal ``u, d`` that scale with
the hour's volatility; the VWAP is the mean of the four prices and so lies inside [low, high].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sources.sample.processes import FloatArray

WICK = 0.45


@dataclass(frozen=True)
class Bars:
    """Prices rounded to the tick; ``volume`` in base units, ``turnover`` in quote units."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    turnover: FloatArray


@dataclass(frozen=True)
class BarStyle:
    """How a market writes its bars: decimals of price, volume and turnover, and its median hourly volume."""

    price_decimals: int
    volume_decimals: int
    turnover_decimals: int
    median_volume: float


def make_bars(rng: np.random.Generator, path: FloatArray, sigma: FloatArray, style: BarStyle) -> Bars:
    """Bars of one market.  ``path`` (n + 1,) are its boundary prices, ``sigma`` (n,) its hourly volatility."""
    size = len(sigma)
    rounded = np.round(path, style.price_decimals)
    tick = 10.0**-style.price_decimals
    first_trade = rng.choice([-1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], size)
    opens = np.round(rounded[:-1] + tick * first_trade, style.price_decimals)
    closes = rounded[1:]
    up, down = np.abs(rng.standard_normal((2, size))) * WICK * sigma
    highs = np.round(np.maximum(opens, closes) * np.exp(up), style.price_decimals)
    lows = np.round(np.minimum(opens, closes) * np.exp(-down), style.price_decimals)
    volume = np.round(_volume(rng, closes / opens, sigma, style.median_volume), style.volume_decimals)
    turnover = np.round(volume * (opens + highs + lows + closes) / 4.0, style.turnover_decimals)
    return Bars(opens, highs, lows, closes, volume, turnover)


def make_pool_bars(rng: np.random.Generator, path: FloatArray, median_turnover: float) -> Bars:
    """Bars of a DEX pool.  An hour in which the pool price stands still has one price and little volume."""
    opens, closes = np.round(path[:-1], 15), np.round(path[1:], 15)
    still = opens == closes
    wick = np.abs(rng.standard_normal((2, len(opens)))) * 0.0008
    highs = np.where(still, opens, np.round(np.maximum(opens, closes) * (1.0 + wick[0]), 15))
    lows = np.where(still, opens, np.round(np.minimum(opens, closes) * (1.0 - wick[1]), 15))
    turnover = np.round(median_turnover * np.exp(rng.standard_normal(len(opens))) * np.where(still, 0.2, 1.0), 12)
    return Bars(opens, highs, lows, closes, turnover / closes, turnover)


def _volume(rng: np.random.Generator, ratio: FloatArray, sigma: FloatArray, median: float) -> FloatArray:
    hour = np.arange(len(sigma)) % 24
    season = 1.0 + 0.35 * np.sin((hour - 9) / 24.0 * 2.0 * np.pi)
    activity = (sigma / np.median(sigma)) * (1.0 + 0.5 * np.abs(np.log(ratio)) / sigma)
    return np.asarray(median * season * activity * np.exp(0.35 * rng.standard_normal(len(sigma))))
