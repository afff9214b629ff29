"""A made-up hourly market as lively as the real one, of any length, for timing the engine.

BTC and ETH wander with 0.5 % an hour around a level they return to within weeks, so that sixteen times the bars are
the same market for longer and not a market that has run away.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from engine.config import Configuration, RunConfig
from engine.market import ExecutionCostCurve, FloatArray, MarketPanel

START = date(2024, 5, 12)
HOURS = 11_880
"""2024-05-12 to 2025-09-18, the window of the real data."""

VOLATILITY = 0.005
REVERSION_HOURS = 24 * 60
LEVELS = {"BTC": 60_000.0, "ETH": 3_000.0}
SIZES_USD = np.array([1e4, 1e5, 1e6])
COST_BPS = np.array([[3.0, 4.0, 8.0]])


def seeded_run(configuration: Configuration, mode: str, hours: int = HOURS, **overrides: object) -> RunConfig:
    """``mode`` as shipped over ``hours`` (whole days) from 2024-05-12; ``overrides`` change keys of the mode."""
    return configuration.request(mode, START, START + timedelta(days=hours // 24 - 1), overrides=overrides)


def seeded_panel(run: RunConfig, seed: int = 1) -> MarketPanel:
    """Every series the run's mode requires; equal seeds give equal panels."""
    generator = np.random.default_rng(seed)
    first = int(datetime.combine(run.start, time(), UTC).timestamp())
    hours = first + 3600 * np.arange(24 * ((run.end - run.start).days + 1), dtype=np.int64)
    count, needs = len(hours), run.mode.data_requirements
    walks = {asset: level * np.exp(_reverting_walk(generator, count)) for asset, level in LEVELS.items()}
    settles = hours % 28_800 == 0

    def near(key: str, width: float) -> FloatArray:
        """Prices of one venue, within ``width`` of the asset's."""
        return walks[key.split(":")[1].removesuffix("USDT")] * (1.0 + generator.normal(0.0, width, count))

    def funding() -> FloatArray:
        return np.where(settles, generator.normal(1e-4, 1e-4, count), np.nan)

    oracle_rate = 1.04 * (1.0 + 3.4e-6) ** np.arange(count)
    growth = {asset: np.cumprod(1.0 + generator.uniform(0.0, 4e-6, count)) for asset in needs.aave_reserves}
    curve = ExecutionCostCurve(SIZES_USD, np.array([0], dtype=np.int64), COST_BPS)
    return MarketPanel(
        hours=hours,
        spot={key: near(key, 2e-4) for key in needs.spot_prices},
        perp={key: near(key, 4e-4) for key in needs.perp_prices},
        funding={key: funding() for key in needs.funding_rates},
        liquidity_index={asset: 1.05 * index for asset, index in growth.items()},
        borrow_index={asset: 1.07 * index**1.3 for asset, index in growth.items()},
        oracle_rate=dict.fromkeys(needs.lst_rates, oracle_rate),
        market_rate={lst: oracle_rate * (1.0 - 4e-4 * generator.random(count)) for lst in needs.lst_rates},
        gas_price_gwei=generator.lognormal(1.6, 0.8, count),
        execution_costs=dict.fromkeys(needs.execution_costs, curve),
    )


def _reverting_walk(generator: np.random.Generator, count: int) -> FloatArray:
    """(count,) log of price over its level: hourly steps of ``VOLATILITY``, drawn back over ``REVERSION_HOURS``."""
    kept = 1.0 - 1.0 / REVERSION_HOURS
    walk = np.empty(count)
    level = 0.0
    for hour, step in enumerate(generator.normal(0.0, VOLATILITY, count).tolist()):
        level = kept * level + step
        walk[hour] = level
    return walk
