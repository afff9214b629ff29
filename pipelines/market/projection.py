"""Slow series on an hourly clock, from the past alone.

An accrual index grows from its last observation at the growth rate of the last full observation
interval,

    I(T) = I_d · (I_d / I_{d-1}) ^ ((T − t_d) / (t_d − t_{d-1})),

and at an observed rate while only one observation exists: linearly for supply, by Aave's three-term
expansion for variable borrow.  An exchange rate or a gas price holds its last observation.  Nothing
here reads an observation later than the hour it answers for, so later data never revises a row, and
at an observed hour the answer is the observed number itself, to the bit.
"""

from __future__ import annotations

import numpy as np

from engine.market import FloatArray, IntArray

SECONDS_PER_YEAR = 365 * 24 * 3600


def latest_observation(at: IntArray, observed_at: IntArray) -> IntArray:
    """For each time the position of the last observation at or before it; −1 where there is none.

    ``observed_at`` ascends strictly.
    """
    return np.searchsorted(observed_at, at, side="right").astype(np.int64) - 1


def linear_growth(rate: FloatArray, seconds: IntArray) -> FloatArray:
    """Supply interest factor of an annual rate over some seconds: ``1 + r·t``."""
    return np.asarray(1.0 + rate * seconds / SECONDS_PER_YEAR, dtype=np.float64)


def compounded_growth(rate: FloatArray, seconds: IntArray) -> FloatArray:
    """Variable-borrow interest factor: Aave's three-term expansion of per-second compounding."""
    elapsed = seconds.astype(np.float64)
    per_second = rate / SECONDS_PER_YEAR
    second = elapsed * np.maximum(elapsed - 1.0, 0.0) / 2.0 * per_second**2
    third = elapsed * np.maximum(elapsed - 1.0, 0.0) * np.maximum(elapsed - 2.0, 0.0) / 6.0 * per_second**3
    return np.asarray(1.0 + per_second * elapsed + second + third, dtype=np.float64)


def project_index(at: IntArray, observed_at: IntArray, index: FloatArray, first_growth: FloatArray) -> FloatArray:
    """An accrual index at ``at`` (n,), from observations ``index`` (m,) at ``observed_at`` (m,).

    ``first_growth`` (n,) is the growth since the first observation at the rate observed there; it is
    used in the first interval only.  Every ``at`` must lie at or after the first observation.
    """
    last = latest_observation(at, observed_at)
    elapsed = at - observed_at[last]
    growth = np.where(last == 0, first_growth, 1.0)
    later = last >= 1
    newest, before = last[later], last[later] - 1
    interval = observed_at[newest] - observed_at[before]
    growth[later] = (index[newest] / index[before]) ** (elapsed[later] / interval)
    return np.where(elapsed == 0, index[last], index[last] * growth)


def usable_gas_sample(
    labels: IntArray, block_times: IntArray, tolerance_seconds: int, cadence_seconds: int
) -> IntArray:
    """For each label the position of the sample that was known then; −1 where none was.

    A block mined more than ``tolerance_seconds`` after its label is the future there, so the label
    holds the sample of the label one cadence before, and nothing older than that.
    """
    positions = np.arange(len(labels), dtype=np.int64)
    known = block_times <= labels + tolerance_seconds
    held = np.zeros(len(labels), dtype=np.bool_)
    held[1:] = known[:-1] & (np.diff(labels) == cadence_seconds)
    return np.where(known, positions, np.where(held, positions - 1, -1))
