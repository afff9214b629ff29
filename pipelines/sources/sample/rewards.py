"""EtherFi rewards: weekly EIGEN, occasional ETHFI top-ups, one ETHFI season.

``reward in ETH per eETH = tokens per eETH · token price / ETH price``, both averaged over the period;
``daily yield = reward / days of the period``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pipelines.sources.sample.market import Market
from pipelines.sources.sample.processes import stream
from pipelines.sources.sample.window import LEAD_DAYS

WEEK = 7
TOP_UP_WEEKS = (3, 9, 15)
TOP_UP_DELAY_DAYS = 12
SEASON_DAYS = 100
SEASON_DELAY_DAYS = 15
SEASON_ETHFI_PER_EETH = 1.5
ESTIMATED_APY = 0.0032


@dataclass(frozen=True)
class Distribution:
    """One payout of ``token`` per eETH held over ``first`` .. ``last``, paid on ``payout``."""

    token: str
    first: date
    last: date
    payout: date
    per_eeth: float
    token_usd: float
    eth_usd: float

    @property
    def reward_eth(self) -> float:
        return self.per_eeth * self.token_usd / self.eth_usd


@dataclass(frozen=True)
class Rewards:
    """``eigen`` weeks follow one another from the first day; ``leftover`` are the days after the last whole week."""

    eigen: tuple[Distribution, ...]
    top_ups: tuple[Distribution, ...]
    seasons: tuple[Distribution, ...]
    leftover: tuple[date, ...]


def simulate_rewards(market: Market) -> Rewards:
    """Draw the payouts.  A payout after the end of the window is not part of the sample."""
    window, rng = market.window, stream(market.seed, "rewards")
    weeks = (window.days + LEAD_DAYS) // WEEK
    rates = np.round(np.clip(0.185 + 0.008 * rng.standard_normal(weeks), 0.15, 0.22), 3).tolist()
    eigen = tuple(_distribution(market, "EIGEN", k * WEEK, WEEK, 0, rate) for k, rate in enumerate(rates))
    top_ups = tuple(
        _distribution(market, "ETHFI", k * WEEK, WEEK, TOP_UP_DELAY_DAYS, round(float(rng.uniform(0.02, 0.12)), 3))
        for k in TOP_UP_WEEKS
        if (k + 1) * WEEK + TOP_UP_DELAY_DAYS <= window.days + LEAD_DAYS
    )
    seasons: tuple[Distribution, ...] = ()
    if window.days + LEAD_DAYS >= SEASON_DAYS + SEASON_DELAY_DAYS:
        seasons = (_distribution(market, "ETHFI", 0, SEASON_DAYS, SEASON_DELAY_DAYS, SEASON_ETHFI_PER_EETH),)
    leftover = tuple(window.first_day + timedelta(days=day) for day in range(weeks * WEEK, window.days + LEAD_DAYS))
    return Rewards(eigen, top_ups, seasons, leftover)


def _distribution(market: Market, token: str, first: int, days: int, delay: int, per_eeth: float) -> Distribution:
    """``first`` counts days from the first day of the files."""
    hours = slice(first * 24, (first + days) * 24)
    eth = float(np.mean(market.prices.fair["ETH"][hours]))
    token_usd = float(np.mean(market.prices.token_in_weth[token][hours])) * eth
    begin = market.window.first_day + timedelta(days=first)
    last = begin + timedelta(days=days - 1)
    return Distribution(token, begin, last, last + timedelta(days=delay), per_eeth, round(token_usd, 4), round(eth, 4))
