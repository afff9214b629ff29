"""Volatility regimes and the planned episodes every sample contains.

A three-state Markov chain (calm, normal, stressed) sets the hourly volatility.  On top of it come
episodes at fixed days of the window, so that each sample has a crash, a rally, a borrow squeeze,
an LST discount, negative funding and dear gas.  Episodes past the end of a short window do not happen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sources.sample.processes import FloatArray, IntArray, stream
from pipelines.sources.sample.window import SampleWindow

CALM, NORMAL, STRESSED = 0, 1, 2
VOLATILITY = np.array([0.28, 0.45, 0.85])
"""Annualised BTC volatility by state."""
_STAY = np.array([0.992, 0.990, 0.975])
_CALMER = np.array([0.0, 0.006, 0.020])


@dataclass(frozen=True)
class Episode:
    """A stretch of whole days, counted from the start of the window."""

    first_day: int
    days: int

    def hours(self, window: SampleWindow) -> slice:
        """Indices of its hours, cut at the end of the window."""
        last = len(window.hours)
        return slice(
            min(window.hour_index(self.first_day), last), min(window.hour_index(self.first_day + self.days), last)
        )

    def bump(self, window: SampleWindow, rise_hours: float, fade_hours: float) -> FloatArray:
        """0..1 at every boundary: up over ``rise_hours``, 1 to the end of the episode, then an exponential fade."""
        start = window.hour_index(self.first_day)
        hour = np.arange(len(window.boundaries), dtype=np.float64) - start
        rising = np.clip(hour / rise_hours, 0.0, 1.0)
        fading = np.exp(-np.maximum(hour - self.days * 24.0, 0.0) / fade_hours)
        return np.asarray(rising * fading)


BORROW_SPIKE = Episode(24, 3)
CRASH = Episode(47, 1)
LST_DISCOUNT = Episode(47, 3)
RALLY = Episode(95, 7)
NEGATIVE_FUNDING = Episode(112, 14)
GAS_SPIKE = Episode(131, 1)
WETH_SQUEEZE = Episode(140, 3)
STRESSED_EPISODES = (CRASH, RALLY, GAS_SPIKE)


def volatility_states(window: SampleWindow, seed: int) -> IntArray:
    """The state of every hour; hours of a planned crash, rally or gas spike are stressed."""
    size = len(window.hours)
    draws = stream(seed, "regimes").random(size)
    states = np.empty(size, dtype=np.int64)
    state = NORMAL
    for k, draw in enumerate(draws.tolist()):
        if draw >= _STAY[state]:
            state = max(state - 1, CALM) if draw < _STAY[state] + _CALMER[state] else min(state + 1, STRESSED)
        states[k] = state
    for episode in STRESSED_EPISODES:
        states[episode.hours(window)] = STRESSED
    return states
