"""Performance figures against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.maths.performance import HOURS_PER_YEAR, drawdowns, hourly_returns, money_weighted_return, performance


def test_hourly_returns_leave_flows_out() -> None:
    nav = np.array([100.0, 210.0])  # 10 earned on 100, then 100 deposited
    assert hourly_returns(nav, np.array([0.0, 10.0]), np.array([0.0, 100.0])).tolist() == [0.0, 0.1]


def test_drawdown_counts_from_the_highest_point_and_from_the_start() -> None:
    assert drawdowns(np.array([-0.1, 0.2, -0.5])) == pytest.approx([-0.1, 0.0, -0.5])


def test_a_year_of_one_per_cent_total() -> None:
    returns = np.zeros(int(HOURS_PER_YEAR) + 1)
    returns[100] = 0.01
    figures = performance(returns)
    assert figures.total_return == pytest.approx(0.01)
    assert figures.apr == pytest.approx(0.01)
    assert figures.apy == pytest.approx(0.01)
    assert figures.max_drawdown == 0.0


def test_half_a_year_compounds_twice() -> None:
    returns = np.zeros(int(HOURS_PER_YEAR / 2) + 1)
    returns[1] = 0.1
    figures = performance(returns)
    assert figures.apr == pytest.approx(0.2)
    assert figures.apy == pytest.approx(0.21)


def test_sharpe_is_mean_over_deviation_annualised() -> None:
    returns = np.tile([0.0001, 0.0003], 500)
    figures = performance(returns)
    deviation = float(np.std(returns, ddof=1))
    assert figures.volatility == pytest.approx(deviation * np.sqrt(8760))
    assert figures.sharpe == pytest.approx(0.0002 / deviation * np.sqrt(8760))


def test_returns_that_do_not_vary_have_no_sharpe() -> None:
    assert np.isnan(performance(np.zeros(10)).sharpe)


def test_without_flows_the_money_weighted_return_is_the_annual_return() -> None:
    returns = np.random.default_rng(3).normal(1e-5, 1e-4, 24 * 90)
    nav = 50_000.0 * np.cumprod(1.0 + returns)
    assert money_weighted_return(50_000.0, np.zeros(len(nav)), nav[-1]) == pytest.approx(
        performance(returns).apy, rel=1e-10
    )


def test_money_weighted_return_of_a_constant_rate_is_that_rate_whatever_flows() -> None:
    hours, rate = int(HOURS_PER_YEAR / 4), 0.07
    hourly = (1.0 + rate) ** (1.0 / HOURS_PER_YEAR)
    flows = np.zeros(hours + 1)
    flows[[100, 500, 501, hours]] = 10_000.0, -30_000.0, 5_000.0, -1_000.0
    nav = 100_000.0
    for flow in flows[1:]:
        nav = nav * hourly + flow
    assert money_weighted_return(100_000.0, flows, nav) == pytest.approx(rate, rel=1e-10)


def test_money_that_came_before_a_loss_weighs_on_the_holder_and_not_on_the_strategy() -> None:
    flows = np.zeros(int(HOURS_PER_YEAR) + 1)
    flows[int(HOURS_PER_YEAR / 2)] = 900.0
    nav = (100.0 * 1.2 + 900.0) * 0.9  # +20 % on 100, then -10 % on 1020
    rate = money_weighted_return(100.0, flows, nav)
    growth = (-900.0 + (900.0**2 + 4 * 100.0 * nav) ** 0.5) / 200.0  # 100 x² + 900 x = NAV, x = growth of half a year
    assert rate == pytest.approx(growth**2 - 1.0, rel=1e-10)
    assert rate < 0.0 < 1.2 * 0.9 - 1.0


def test_no_rate_fits_a_withdrawal_of_more_than_ever_was_there() -> None:
    assert np.isnan(money_weighted_return(1.0, np.array([0.0, 0.0, -1e12]), 1.0))
