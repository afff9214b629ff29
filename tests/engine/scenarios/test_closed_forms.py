"""Closed forms: what a run must give when the answer can be written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import RunConfig
from engine.market import FloatArray, MarketPanel

MakeRun = Callable[..., RunConfig]
MakePanel = Callable[..., MarketPanel]
DAYS = 6
HOURS = 24 * DAYS


def _growth(generator: np.random.Generator, low: float, high: float) -> FloatArray:
    """(HOURS,) growth factors from 1, hourly rates drawn between ``low`` and ``high``."""
    return np.cumprod(np.concatenate(([1.0], 1.0 + generator.uniform(low, high, HOURS - 1))))


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_staking_only_is_the_ratio_of_rates_less_gas(
    make_run: MakeRun, make_panel: MakePanel, kit: Any, seed: int
) -> None:
    run = make_run("eth_staking_only", days=DAYS, capital=37.5)
    generator = np.random.default_rng(seed)
    rate = 1.03 * _growth(generator, -1e-5, 2e-5)
    panel = replace(make_panel(run, seed), oracle_rate={"weETH": rate})
    result = kit.run(run, panel)
    gas = 150_000.0 * panel.gas_price_gwei[0] * 1e-9  # CREATE_LST of the pessimistic preset
    expected = (37.5 - gas) * rate / rate[0]
    assert np.abs(result.record.nav / expected - 1.0).max() <= 1e-12


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), ltv=st.floats(0.3, 0.9))
def test_an_unhedged_loop_grows_by_the_formula_between_rebalances(
    make_run: MakeRun, make_panel: MakePanel, kit: Any, seed: int, ltv: float
) -> None:
    run = make_run("eth_leveraged", days=DAYS, target_ltv=ltv)
    generator = np.random.default_rng(seed)
    supplied, borrowed = 1.01 * _growth(generator, 0.0, 1e-5), 1.2 * _growth(generator, 0.0, 5e-5)
    rate = 1.04 * _growth(generator, -1e-5, 4e-5)
    panel = replace(
        make_panel(run, seed),
        liquidity_index={"weETH": supplied, "WETH": supplied},
        borrow_index={"weETH": borrowed, "WETH": borrowed},
        oracle_rate={"weETH": rate},
        market_rate={"weETH": rate},
    )
    result = kit.run(run, panel)
    acted = {hour for hour, _, _ in kit.actions(result)}
    nav = result.record.nav
    loan_to_value = kit.metric(result, "ltv")
    compared = 0
    for hour in range(1, HOURS):
        if hour in acted:
            continue
        r, s, b = (series[hour] / series[hour - 1] - 1.0 for series in (supplied, rate, borrowed))
        at_work = nav[hour - 1] - kit.series(result, "wallet:BaseToken:ETH")[hour - 1]
        owed = loan_to_value[hour - 1]
        growth = ((1.0 + r) * (1.0 + s) - owed * (1.0 + b)) / (1.0 - owed)
        assert nav[hour] - nav[hour - 1] == pytest.approx(at_work * (growth - 1.0), abs=1e-11)
        compared += 1
    assert compared > HOURS // 2
    assert loan_to_value[0] == pytest.approx(ltv, rel=1e-12)


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), volatility=st.floats(0.001, 0.02), basis=st.floats(-30.0, 30.0))
@pytest.mark.parametrize("mode", ["eth_basis", "btc_basis", "usdt_market_neutral_no_leverage", "usdt_market_neutral"])
def test_without_funding_and_cost_a_hedged_nav_ignores_the_price_path(
    make_run: MakeRun, kit: Any, mode: str, seed: int, volatility: float, basis: float
) -> None:
    run = kit.free_of_cost(make_run(mode, days=DAYS))
    steps = np.random.default_rng(seed).normal(0.0, volatility, HOURS)
    price = 3000.0 * np.exp(np.cumsum(steps))
    result = kit.run(run, kit.panel(run, price=price, basis=basis))
    assert np.abs(result.record.nav / run.initial_capital - 1.0).max() <= 1e-9
    assert kit.metric(result, "delta").max() <= 1e-6, "the short equals the net units at every hour"


@pytest.mark.parametrize("mode", ["eth_basis", "usdt_market_neutral"])
def test_rebalancing_takes_part_in_the_property_above(make_run: MakeRun, kit: Any, mode: str) -> None:
    """A path that forces trades both ways, so that the property test is not about standing still."""
    run = kit.free_of_cost(make_run(mode, days=DAYS))
    price = 3000.0 * (1.0 + 0.25 * np.sin(np.linspace(0.0, 2.0 * np.pi, HOURS)))
    result = kit.run(run, kit.panel(run, price=price, basis=7.0))
    kinds = {action for _, action, _ in kit.actions(result)}
    assert {"entry_full", "entry_partial", "exit_partial"} <= kinds
    assert np.abs(result.record.nav / run.initial_capital - 1.0).max() <= 1e-9


@pytest.mark.parametrize("mode", ["eth_basis", "usdt_market_neutral_no_leverage", "usdt_market_neutral"])
def test_a_constant_price_earns_funding_on_the_short_and_nothing_else(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = kit.free_of_cost(make_run(mode, days=2))
    result = kit.run(run, kit.panel(run, funding=1e-4))
    share = run.mode.allocation["spot" if mode == "eth_basis" else "stake"]
    earned = share * run.initial_capital * 1e-4  # per settlement; nothing is held into the first one
    assert kit.component(result, "funding_pnl").sum() == pytest.approx(5 * earned, rel=1e-9)
    assert result.final_nav == pytest.approx(run.initial_capital + 5 * earned, rel=1e-12)


@pytest.mark.parametrize(
    ("mode", "assets"), [("usdt_market_neutral_no_leverage", 1.0), ("usdt_market_neutral", 1.0 / (1.0 - 0.88))]
)
def test_a_hedged_loop_earns_the_staking_yield_on_all_its_assets(
    make_run: MakeRun, kit: Any, mode: str, assets: float
) -> None:
    """One step of the rate: NAV gains ``w · E · assets/equity · s``, at a price that stands still."""
    run = kit.free_of_cost(make_run(mode, days=1))
    rate = np.where(np.arange(24) >= 12, 1.05 * (1.0 + 2e-4), 1.05)
    result = kit.run(run, kit.panel(run, rate=rate))
    gained = 0.7 * run.initial_capital * assets * 2e-4
    assert result.record.nav[12] - result.record.nav[11] == pytest.approx(gained, rel=1e-9)
    assert kit.component(result, "staking_yield_oracle").sum() == pytest.approx(gained, rel=1e-9)
