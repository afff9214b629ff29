from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.market.projection import (
    SECONDS_PER_YEAR,
    compounded_growth,
    latest_observation,
    linear_growth,
    project_index,
    usable_gas_sample,
)

HOUR, DAY = 3600, 86400


def test_latest_observation_never_looks_ahead() -> None:
    observed = np.array([10, 20, 30])
    assert latest_observation(np.array([9, 10, 19, 20, 99]), observed).tolist() == [-1, 0, 0, 1, 2]


def test_linear_growth_of_eight_percent_over_half_a_year() -> None:
    assert linear_growth(np.array([0.08]), np.array([SECONDS_PER_YEAR // 2]))[0] == pytest.approx(1.04, abs=1e-15)


def test_compounded_growth_is_aaves_three_term_expansion() -> None:
    # 10 % a year over one day, by hand: x = r/s, 1 + n x + n(n-1)/2 x² + n(n-1)(n-2)/6 x³
    x, n = 0.10 / SECONDS_PER_YEAR, DAY
    by_hand = 1 + n * x + n * (n - 1) / 2 * x**2 + n * (n - 1) * (n - 2) / 6 * x**3
    assert compounded_growth(np.array([0.10]), np.array([DAY]))[0] == pytest.approx(by_hand, abs=1e-16)
    assert compounded_growth(np.array([0.10]), np.array([0, 1]))[0] == 1.0


def test_index_grows_at_the_rate_of_the_last_full_interval() -> None:
    observed, index = np.array([0, DAY, 2 * DAY]), np.array([1.0, 1.01, 1.05])
    at = np.array([0, 12 * HOUR, DAY, 36 * HOUR, 2 * DAY, 3 * DAY])
    first_growth = 1.0 + 0.001 * at / DAY
    projected = project_index(at, observed, index, first_growth)
    assert projected[0] == 1.0
    assert projected[1] == 1.0005
    assert projected[2] == 1.01
    assert projected[3] == pytest.approx(1.01 * 1.01**0.5, rel=1e-15)
    assert projected[4] == 1.05
    assert projected[5] == pytest.approx(1.05 * (1.05 / 1.01), rel=1e-15)


def test_an_interval_longer_than_a_day_counts_by_its_length() -> None:
    observed, index = np.array([0, 2 * DAY]), np.array([1.0, 1.0201])
    projected = project_index(np.array([3 * DAY]), observed, index, np.array([1.0]))
    assert projected[0] == pytest.approx(1.0201 * 1.01, rel=1e-15)


def test_a_late_block_holds_the_sample_before_it_and_nothing_older() -> None:
    labels = np.arange(6) * HOUR
    blocks = labels + np.array([0, 16 * 60, 900, 901, 2000, -3500])
    assert usable_gas_sample(labels, blocks, 900, HOUR).tolist() == [0, 0, 2, 2, -1, 5]


def test_a_late_block_after_a_hole_holds_nothing() -> None:
    labels = np.array([0, 2 * HOUR])
    assert usable_gas_sample(labels, np.array([0, 2 * HOUR + 901]), 900, HOUR).tolist() == [0, -1]


@given(
    increments=st.lists(st.floats(0, 0.01), min_size=2, max_size=12),
    cut=st.integers(0, 11),
    factor=st.floats(1.0, 3.0),
)
def test_later_observations_never_move_earlier_hours(increments: list[float], cut: int, factor: float) -> None:
    index = np.cumprod(1.0 + np.array(increments))
    observed = np.arange(len(index)) * DAY
    at = np.arange(0, len(index) * DAY, HOUR)
    growth = linear_growth(np.array([0.05]), at)
    shocked = index.copy()
    shocked[cut + 1 :] *= factor
    before = project_index(at, observed, index, growth)
    after = project_index(at, observed, shocked, growth)
    past = at < (cut + 1) * DAY
    assert np.array_equal(before[past], after[past])
    assert np.array_equal(before[at % DAY == 0], index)
