"""LST exchange rates, their DEX price, and the yields that are published about them.

``rate[d+1] = rate[d]·(1 + g_d)``, ``g_d`` about 3 %/365 with small noise; on a few days the report is
missed (no growth) and made up the day after.  The DEX trades at ``rate·(1 + discount)``; files carry
its trailing 24 h median.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.sources.sample import regimes
from pipelines.sources.sample.processes import FloatArray, ornstein_uhlenbeck, stream
from pipelines.sources.sample.window import LEAD_DAYS, SampleWindow

LSTS = ("weETH", "wstETH")
FLAT_DAYS = {"weETH": (33, 88, 151), "wstETH": ()}
"""Days of the window over which the rate does not grow."""


@dataclass(frozen=True)
class LstModel:
    """First rate (ETH per token), growth a year, relative noise of a day, usual and worst DEX discount."""

    first_rate: float
    yearly_growth: float
    daily_noise: float
    discount: float
    crisis_discount: float


MODELS = {
    "weETH": LstModel(1.0855, 0.0278, 0.15, -0.0006, -0.0078),
    "wstETH": LstModel(1.2224, 0.0300, 0.06, -0.0004, -0.0032),
}


@dataclass(frozen=True)
class Lst:
    """``rate`` (days + 1,) at midnights; ``hourly`` (n + 1,) straight lines between them; ``market`` the DEX median."""

    rate: FloatArray
    hourly: FloatArray
    market: FloatArray


def simulate_lst(name: str, window: SampleWindow, seed: int) -> Lst:
    """Draw one liquid staking token."""
    model, rng = MODELS[name], stream(seed, f"lst {name}")
    growth = (
        np.log1p(model.yearly_growth)
        / 365.0
        * (1.0 + model.daily_noise * np.clip(rng.standard_normal(len(window.midnights) - 1), -3.0, 3.0))
    )
    for day in FLAT_DAYS[name]:
        missed = day + LEAD_DAYS
        if missed + 1 < len(growth):
            growth[missed + 1] += growth[missed]
            growth[missed] = 0.0
    rate = model.first_rate * np.concatenate([[1.0], np.cumprod(1.0 + growth)])
    hourly = np.interp(window.boundaries, window.midnights, rate)
    discount = (
        model.discount
        + ornstein_uhlenbeck(rng, len(hourly), half_life=30.0, sd=0.0002)
        + (model.crisis_discount - model.discount) * regimes.LST_DISCOUNT.bump(window, 10.0, 60.0)
    )
    market = pd.Series(hourly * (1.0 + discount)).rolling(24, min_periods=1).median().to_numpy()
    return Lst(rate, hourly, market)


def ethena_apy_percent(window: SampleWindow, btc_funding: FloatArray, seed: int) -> FloatArray:
    """Daily sUSDe APY in percent at midnights: treasury yield plus part of the week's funding."""
    daily = np.concatenate([btc_funding.reshape(-1, 3).sum(axis=1), [btc_funding[-3:].sum()]])
    week = pd.Series(daily).rolling(7, min_periods=1).mean().to_numpy()
    noise = 0.25 * stream(seed, "ethena").standard_normal(len(window.midnights))
    return np.round(np.clip(1.8 + 70.0 * 365.0 * week + noise, 0.3, None), 2)
