"""Aave v3 reserves: utilisation sets the rates, the rates move the indices.

Borrow rate, kinked at the optimal utilisation ``U*``: ``slope1·U/U*`` below it and
``slope1 + slope2·(U - U*)/(1 - U*)`` above; supply rate = borrow rate · U · (1 - reserve factor).
Every hour is one update of the reserve with the contract's maths over ``t`` seconds of a 365-day year:
the supply index grows linearly, ``1 + r·t/Y``, and the borrow index by the three-term expansion
``1 + r·t/Y + t(t-1)/2·(r/Y)² + t(t-1)(t-2)/6·(r/Y)³``.  Neither ever falls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sources.sample import regimes
from pipelines.sources.sample.processes import FloatArray, ornstein_uhlenbeck, stream
from pipelines.sources.sample.window import HOUR, SampleWindow

SECONDS_PER_YEAR = 365 * 24 * HOUR
INDEX_DECIMALS = 16


@dataclass(frozen=True)
class ReserveModel:
    """Interest-rate curve and size of one reserve (made up, in the range of the real ones)."""

    slope1: float
    slope2: float
    optimal: float
    reserve_factor: float
    utilisation: float
    utilisation_sd: float
    supplied: float
    first_liquidity_index: float
    first_borrow_index: float


MODELS = {
    "USDT": ReserveModel(0.055, 0.50, 0.92, 0.10, 0.885, 0.022, 5.2e9, 1.152, 1.209),
    "WETH": ReserveModel(0.027, 0.40, 0.92, 0.15, 0.880, 0.025, 2.4e6, 1.058, 1.089),
    "weETH": ReserveModel(0.070, 3.00, 0.30, 0.45, 0.0040, 0.0015, 1.6e6, 1.0012, 1.0260),
    "wstETH": ReserveModel(0.030, 0.85, 0.90, 0.35, 0.080, 0.025, 1.2e6, 1.0016, 1.0125),
}
HIGHEST_UTILISATION = 0.985


@dataclass(frozen=True)
class Reserve:
    """Values at every hour boundary; a rate holds for the hour that begins there."""

    utilisation: FloatArray
    supply_rate: FloatArray
    borrow_rate: FloatArray
    liquidity_index: FloatArray
    borrow_index: FloatArray
    supplied: FloatArray


def linear_interest(rate: FloatArray | float, seconds: int) -> FloatArray:
    """Growth factor of the supply index over one update."""
    return np.asarray(1.0 + np.asarray(rate) * seconds / SECONDS_PER_YEAR)


def compounded_interest(rate: FloatArray | float, seconds: int) -> FloatArray:
    """Growth factor of the variable-borrow index over one update."""
    per_second = np.asarray(rate) / SECONDS_PER_YEAR
    second = seconds * (seconds - 1) / 2.0 * per_second**2
    third = seconds * (seconds - 1) * max(seconds - 2, 0) / 6.0 * per_second**3
    return np.asarray(1.0 + per_second * seconds + second + third)


def borrow_rate(model: ReserveModel, utilisation: FloatArray) -> FloatArray:
    """The kinked curve, APR as a fraction."""
    below = model.slope1 * utilisation / model.optimal
    above = model.slope1 + model.slope2 * (utilisation - model.optimal) / (1.0 - model.optimal)
    return np.where(utilisation <= model.optimal, below, above)


def simulate_reserve(asset: str, window: SampleWindow, seed: int) -> Reserve:
    """Draw one reserve."""
    model, rng = MODELS[asset], stream(seed, f"reserve {asset}")
    size = len(window.boundaries)
    drift = ornstein_uhlenbeck(rng, size, half_life=96.0, sd=model.utilisation_sd)
    utilisation = np.clip(
        model.utilisation + drift + _demand(asset, window), 0.25 * model.utilisation, HIGHEST_UTILISATION
    )
    borrow = borrow_rate(model, utilisation)
    supply = borrow * utilisation * (1.0 - model.reserve_factor)
    supplied = model.supplied * np.exp(ornstein_uhlenbeck(rng, size, half_life=400.0, sd=0.06))
    return Reserve(
        utilisation,
        supply,
        borrow,
        _index(model.first_liquidity_index, linear_interest(supply, HOUR)),
        _index(model.first_borrow_index, compounded_interest(borrow, HOUR)),
        supplied,
    )


def _demand(asset: str, window: SampleWindow) -> FloatArray:
    """Extra utilisation in the planned episodes."""
    if asset == "USDT":
        return 0.09 * regimes.BORROW_SPIKE.bump(window, 8.0, 10.0) + 0.02 * regimes.RALLY.bump(window, 24.0, 48.0)
    if asset == "WETH":
        squeeze, exits = regimes.WETH_SQUEEZE.bump(window, 6.0, 12.0), regimes.LST_DISCOUNT.bump(window, 6.0, 24.0)
        return 0.065 * squeeze + 0.02 * exits
    return np.zeros(len(window.boundaries))


def _index(first: float, growth: FloatArray) -> FloatArray:
    return np.round(first * np.concatenate([[1.0], np.cumprod(growth[:-1])]), INDEX_DECIMALS)
