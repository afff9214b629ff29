"""Fair prices: correlated log-returns of BTC and ETH, the perpetual premium, and DEX pool prices.

``r = σ(state)/√8760 · s · z`` with ``corr(z_BTC, z_ETH) = ρ`` and a common fat-tail factor ``s``;
planned episodes pin the return of their days exactly.  A perpetual trades at ``fair·(1 + premium)``,
the premium being an Ornstein-Uhlenbeck process common to all venues plus a small one per venue.
A pool price moves only when arbitrage beats its fee: it is the fair price held inside ``±fee``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sources.sample import regimes
from pipelines.sources.sample.processes import FloatArray, IntArray, fat_tailed_scale, ornstein_uhlenbeck, stream
from pipelines.sources.sample.regimes import Episode
from pipelines.sources.sample.window import SampleWindow

ASSETS = ("BTC", "ETH")
VENUES = ("binance", "bybit", "okx")
FIRST_PRICE = {"BTC": 88_000.0, "ETH": 3_000.0}
RELATIVE_VOLATILITY = {"BTC": 1.0, "ETH": 1.35}
CORRELATION = 0.86
TAIL_DEGREES = 5.0
LARGEST_SHOCK = 5.0
"""In standard deviations: no single hour jumps further."""

EPISODE_RETURNS = {
    "BTC": ((regimes.CRASH, -0.115, 9.0), (regimes.RALLY, 0.17, 0.0)),
    "ETH": ((regimes.CRASH, -0.175, 9.0), (regimes.RALLY, 0.32, 0.0)),
}
"""(episode, total return, concentration in hours around its middle; 0 spreads it evenly)."""

PREMIUM_MEAN = {"BTC": -0.00019, "ETH": -0.00018}
VENUE_PREMIUM = {"binance": 0.0, "bybit": -0.00001, "okx": 0.00003}
POOL_FEE = 0.003
TOKEN_IN_WETH = {"EIGEN": 0.00046, "ETHFI": 0.00040}


@dataclass(frozen=True)
class PricePaths:
    """Values at every hour boundary.  ``sigma`` is the hourly BTC volatility of each bar."""

    fair: dict[str, FloatArray]
    spot: dict[tuple[str, str], FloatArray]
    premium: dict[tuple[str, str], FloatArray]
    pool_eth: FloatArray
    token_in_weth: dict[str, FloatArray]
    sigma: FloatArray

    def perp(self, venue: str, asset: str) -> FloatArray:
        return self.fair[asset] * (1.0 + self.premium[venue, asset])


def simulate_prices(window: SampleWindow, states: IntArray, seed: int) -> PricePaths:
    """Draw all price paths of the window."""
    sigma = regimes.VOLATILITY[states] / np.sqrt(8760.0)
    fair = _fair_prices(window, sigma, seed)
    size = len(window.boundaries)
    spot = {
        (venue, asset): fair[asset]
        * (1.0 + ornstein_uhlenbeck(stream(seed, f"spot {venue} {asset}"), size, half_life=3.0, sd=1.5e-4))
        for venue in ("binance", "bybit")
        for asset in ASSETS
    }
    tokens = {
        token: first * np.exp(ornstein_uhlenbeck(stream(seed, f"token {token}"), size, half_life=900.0, sd=0.25))
        for token, first in TOKEN_IN_WETH.items()
    }
    return PricePaths(
        fair,
        spot,
        _premiums(window, seed),
        _pool_price(fair["ETH"], POOL_FEE),
        {token: _pool_price(path, POOL_FEE) for token, path in tokens.items()},
        sigma,
    )


def _fair_prices(window: SampleWindow, sigma: FloatArray, seed: int) -> dict[str, FloatArray]:
    rng = stream(seed, "prices")
    size = len(sigma)
    common, own = rng.standard_normal(size), rng.standard_normal(size)
    tail = fat_tailed_scale(rng, size, TAIL_DEGREES)
    shocks = {"BTC": common * tail, "ETH": (CORRELATION * common + np.sqrt(1.0 - CORRELATION**2) * own) * tail}
    fair = {}
    for asset in ASSETS:
        returns = sigma * RELATIVE_VOLATILITY[asset] * np.clip(shocks[asset], -LARGEST_SHOCK, LARGEST_SHOCK)
        for episode, total, concentration in EPISODE_RETURNS[asset]:
            _pin(returns, episode, window, float(np.log1p(total)), concentration)
        fair[asset] = FIRST_PRICE[asset] * np.exp(np.concatenate([[0.0], np.cumsum(returns)]))
    return fair


def _pin(returns: FloatArray, episode: Episode, window: SampleWindow, total: float, concentration: float) -> None:
    """Make the log-returns of an episode add up to ``total`` (to its elapsed share, where the window ends first)."""
    hours = episode.hours(window)
    count = hours.stop - hours.start
    if count == 0:
        return
    middle = np.arange(episode.days * 24) - (episode.days * 24 - 1) / 2.0
    weights = np.exp(-0.5 * (middle / concentration) ** 2) if concentration else np.ones(len(middle))
    weights = (weights / weights.sum())[:count]
    returns[hours] += total * weights - returns[hours].mean()


def _premiums(window: SampleWindow, seed: int) -> dict[tuple[str, str], FloatArray]:
    size = len(window.boundaries)
    market = ornstein_uhlenbeck(stream(seed, "premium market"), size, half_life=16.0, sd=2.2e-4)
    mood = (
        0.00095 * regimes.RALLY.bump(window, 36.0, 24.0)
        - 0.00060 * regimes.CRASH.bump(window, 6.0, 20.0)
        - 0.00046 * regimes.NEGATIVE_FUNDING.bump(window, 12.0, 12.0)
    )
    premiums = {}
    for asset in ASSETS:
        own = ornstein_uhlenbeck(stream(seed, f"premium {asset}"), size, half_life=20.0, sd=1.2e-4)
        for venue in VENUES:
            local = ornstein_uhlenbeck(stream(seed, f"premium {venue} {asset}"), size, half_life=5.0, sd=0.8e-4)
            level = PREMIUM_MEAN[asset] + VENUE_PREMIUM[venue] + market + mood + own + local
            premiums[venue, asset] = np.clip(level, -0.0025, 0.0025)
    return premiums


def _pool_price(fair: FloatArray, fee: float) -> FloatArray:
    pool = np.empty_like(fair)
    price = float(fair[0])
    for k, value in enumerate(fair.tolist()):
        price = min(max(price, value * (1.0 - fee)), value * (1.0 + fee))
        pool[k] = price
    return pool
