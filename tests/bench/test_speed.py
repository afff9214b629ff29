"""The engine is fast enough, measured so that a busy machine does not decide: against NumPy in the same process.

A ratio of two timings that take turns moves little with the load of the machine, and the fastest of each less.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.engine_speed import BUSY, MULTIPLES, TARGETS, growth, measure
from engine.config import Configuration, load_configuration

LINEAR_WITHIN = 2.0
"""An hour of the longest run may cost this much more; with quadratic growth it would be sixteen times."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def configuration(project_root: Path) -> Configuration:
    return load_configuration(project_root / "configs", {})


@pytest.mark.parametrize("mode", TARGETS)
def test_a_run_costs_a_bounded_multiple_of_numpy(configuration: Configuration, mode: str) -> None:
    speed = measure(configuration, mode, repetitions=5)
    assert speed.ratio < TARGETS[mode][1]


def test_the_reference_agrees_where_rebalancing_is_frequent(configuration: Configuration) -> None:
    for mode in TARGETS:
        speed = measure(configuration, mode, repetitions=1, **BUSY)
        assert speed.decisions > 100


@pytest.mark.parametrize("mode", TARGETS)
def test_the_cost_of_an_hour_does_not_grow_with_the_bars(configuration: Configuration, mode: str) -> None:
    costs = growth(configuration, mode, repetitions=2)
    assert costs[-1] < LINEAR_WITHIN * costs[0], dict(zip(MULTIPLES, costs, strict=True))
