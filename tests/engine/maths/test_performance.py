"""Performance figures against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.maths.performance import HOURS_PER_YEAR, drawdowns, hourly_returns, performance


def test_hourly_returns_leave_flows_out() -> None:
    nav = np.array([100.0, 210.0])  # 100 were deposited in between, 10 earned on 200
    assert hourly_returns(nav, np.array([0.0, 10.0])).tolist() == [0.0, 0.05]


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
