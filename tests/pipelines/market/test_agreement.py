"""Price series that cannot be one contract at one time are refused; those of a real market are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import load_configuration
from engine.config.mode import ModeConfig
from engine.errors import Problem
from pipelines.market import MARKET_SCHEMAS, MarketSource, build_market_table
from pipelines.market.agreement import Divergence, disagreements, divergences

START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
HOURS = START + np.arange(120) * 3600
PRICES = 60_000.0 * np.exp(np.cumsum(np.random.default_rng(3).normal(0.0, 0.005, 120)))
NOISE = 1.0 + np.random.default_rng(4).normal(0.0, 0.0003, 120)


@dataclass(frozen=True)
class Run:
    mode: ModeConfig
    start: date = date(2026, 1, 1)
    end: date = date(2026, 1, 5)
    allow_proxies: bool = True


@pytest.fixture(scope="module")
def mode(project_root: Path) -> ModeConfig:
    return load_configuration(project_root / "configs", {}).modes["btc_basis"]


@pytest.fixture
def compare(mode: ModeConfig, make_config: Callable[..., Any], make_load: Callable[..., Any]):
    """What a judge says of Bybit perp opens beside Binance's."""

    def run(
        bybit: np.ndarray,
        hours: np.ndarray = HOURS,
        problems: tuple[Problem, ...] = (),
        judge: Callable[..., list[Any]] = disagreements,
    ) -> list[Any]:
        venues: Mapping[str, np.ndarray] = {"binance": PRICES, "bybit": bybit}
        configs = {
            f"{venue}_btc_perp": make_config(f"{venue}_btc_perp", "perp_prices", {"venue": venue, "symbol": "BTCUSDT"})
            for venue in venues
        }
        loads = {
            "binance_btc_perp": make_load(configs["binance_btc_perp"], HOURS, open=PRICES),
            "bybit_btc_perp": make_load(configs["bybit_btc_perp"], hours, open=bybit, problems=problems),
        }
        tables = [build_market_table(table, loads, configs) for table in MARKET_SCHEMAS]
        return judge(Run(mode), MarketSource.of(tables, loads, configs), START, int(HOURS[-1]))

    return run


def test_venues_of_one_market_agree(compare) -> None:
    assert compare(PRICES * NOISE) == []


def test_a_lone_bad_hour_is_no_disagreement(compare) -> None:
    bybit = PRICES * NOISE
    bybit[50] *= 1.02
    assert compare(bybit) == []
    (seen,) = compare(bybit, judge=divergences)
    assert (seen.series, seen.hours, seen.at) == (
        "perp:binance:BTCUSDT and perp:bybit:BTCUSDT",
        1,
        "2026-01-03T02:00Z",
    )
    assert isinstance(seen, Divergence)
    assert seen.worst == pytest.approx(0.02, abs=0.002)


def test_venues_that_stay_together_are_not_mentioned(compare) -> None:
    assert compare(PRICES * NOISE, judge=divergences) == []


@pytest.mark.parametrize("factor", [1000.0, 0.05, 1.03])
def test_another_unit_or_asset_is_refused(compare, factor: float) -> None:
    (problem,) = compare(PRICES * NOISE * factor)
    assert problem.code == "DATA-009"
    assert problem.key == "perp:binance:BTCUSDT and perp:bybit:BTCUSDT 2026-01-01T00:00Z..2026-01-05T23:00Z"
    assert problem.where == "binance_btc_perp (binance_btc_perp_*.csv) and bybit_btc_perp (bybit_btc_perp_*.csv)"
    assert problem.expected.startswith("venues_agree")


@pytest.mark.parametrize(("shift", "said"), [(1, "1 h later"), (8, "8 h later"), (-5, "5 h earlier")])
def test_another_clock_is_refused_and_named(compare, shift: int, said: str) -> None:
    (problem,) = compare(PRICES * NOISE, HOURS + shift * 3600)
    assert f"moves of perp:bybit:BTCUSDT match {said}" in problem.value


def test_a_few_hours_prove_nothing(compare) -> None:
    assert compare(PRICES[:20] * 2, HOURS[:20]) == []


def test_a_blocked_dataset_is_not_compared(compare) -> None:
    assert compare(PRICES * 2, problems=(Problem("DATA-009", "f", "k", "v", "e"),)) == []
