"""Made-up markets for engine tests: seeded random walks in the shape a run's panel has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import Configuration, RunConfig, load_configuration
from engine.market import ExecutionCostCurve, FloatArray, MarketPanel

START = date(2025, 3, 1)


@pytest.fixture(scope="session")
def configuration(project_root: Path) -> Configuration:
    return load_configuration(project_root / "configs", {})


@pytest.fixture(scope="session")
def make_run(configuration: Configuration) -> Callable[..., RunConfig]:
    """A run of ``days`` days from 2025-03-01; keyword arguments override keys of the mode."""

    def make(mode: str, days: int = 20, capital: float | None = None, **overrides: Any) -> RunConfig:
        return configuration.request(
            mode, START, START + timedelta(days=days - 1), initial_capital=capital, overrides=overrides
        )

    return make


def random_panel(run: RunConfig, seed: int = 1, hourly_volatility: float = 0.006) -> MarketPanel:
    """Random walks for every series the run's mode requires; venues stay within a few basis points."""
    generator = np.random.default_rng(seed)
    first = int(datetime.combine(run.start, datetime.min.time(), UTC).timestamp())
    hours = first + 3600 * np.arange(24 * ((run.end - run.start).days + 1), dtype=np.int64)
    count = len(hours)
    needs = run.mode.data_requirements
    levels = {"BTC": 60_000.0, "ETH": 3_000.0}
    walks = {
        asset: level * np.exp(np.cumsum(generator.normal(0.0, hourly_volatility, count)))
        for asset, level in levels.items()
    }

    def near(symbol: str, width: float) -> FloatArray:
        return walks[symbol.removesuffix("USDT")] * (1.0 + generator.normal(0.0, width, count))

    def rates() -> FloatArray:
        series = np.full(count, np.nan)
        series[hours % 28_800 == 0] = generator.normal(1e-4, 2e-4, int((hours % 28_800 == 0).sum()))
        return series

    growth = {asset: np.cumprod(1.0 + generator.uniform(0.0, 2e-5, count)) for asset in needs.aave_reserves}
    curve = ExecutionCostCurve(np.array([1e4, 1e5, 1e6]), np.array([0], dtype=np.int64), np.array([[3.0, 4.0, 8.0]]))
    return MarketPanel(
        hours=hours,
        spot={key: near(key.split(":")[1], 2e-4) for key in needs.spot_prices},
        perp={key: near(key.split(":")[1], 4e-4) for key in needs.perp_prices},
        funding={key: rates() for key in needs.funding_rates},
        liquidity_index={asset: 1.05 * index for asset, index in growth.items()},
        borrow_index={asset: 1.07 * index**1.3 for asset, index in growth.items()},
        oracle_rate={lst: 1.04 * np.cumprod(np.full(count, 1 + 3e-6)) for lst in needs.lst_rates},
        market_rate={lst: 1.0395 * np.cumprod(np.full(count, 1 + 3e-6)) for lst in needs.lst_rates},
        gas_price_gwei=generator.lognormal(1.6, 0.8, count),
        execution_costs=dict.fromkeys(needs.execution_costs, curve),
    )


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., MarketPanel]:
    return random_panel
