"""Which row answers for which stamp: the series' own, a declared proxy's, its own last one, or none.

A stretch is filled no further than ``max_gap_hours`` after the last row the series had itself, and a
proxy answers only for stamps it observed itself.  Both rules look backwards only: whether a stamp is
filled never depends on what comes after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.market import BoolArray, IntArray
from pipelines.market.projection import latest_observation
from pipelines.sources.dataset import GapPolicy

OWN = 0
UNRESOLVED = -1
FILLED = -2
_NEVER = np.int64(1) << 60


@dataclass(frozen=True)
class Stretch:
    """Consecutive missing stamps with one fate (a proxy's number, FILLED or UNRESOLVED), first and last included."""

    start: int
    end: int
    missing: int
    fate: int


@dataclass(frozen=True)
class Resolution:
    """``ts`` (n,) stamps that have a row; ``origin`` (n,) is 0 for the series itself and i for its i-th proxy;
    ``filled`` (n,) marks stamps at which an earlier row of the series is repeated."""

    ts: IntArray
    origin: IntArray
    filled: BoolArray
    holes: list[Stretch]


def resolve(
    own: IntArray,
    proxies: Sequence[IntArray],
    cadence: int,
    policy: GapPolicy,
    absent: bool,
    allow_proxies: bool,
) -> Resolution:
    """Resolve every stamp of a series with a cadence in seconds.

    ``own`` and each of ``proxies`` are the ascending stamps they deliver.  Expected stamps are those of
    the cadence from the first to the last stamp any of them has (and as far past the series' own last
    stamp as a fill may reach), and every stamp of ``own`` besides.
    """
    proxying = (policy.absent_file if absent else policy.action) == "proxy"
    filling = allow_proxies and not absent and policy.action == "forward_fill"
    expected = _expected_stamps(own, proxies, cadence, policy, filling)
    has_own = np.isin(expected, own, assume_unique=True)
    origin = np.where(has_own, OWN, UNRESOLVED)
    reachable = ~has_own if absent else ~has_own & _within_reach(expected, own, policy)
    if allow_proxies and proxying:
        for number, proxy in enumerate(proxies, start=1):
            origin[(origin == UNRESOLVED) & reachable & np.isin(expected, proxy, assume_unique=True)] = number
    filled = np.zeros(len(expected), dtype=np.bool_)
    if filling and len(own):
        filled = reachable & (expected > own[0])
        origin[filled] = OWN
    return Resolution(
        ts=expected[origin != UNRESOLVED],
        origin=origin[origin != UNRESOLVED],
        filled=filled[origin != UNRESOLVED],
        holes=stretches(expected, ~has_own, np.where(filled, FILLED, origin)),
    )


def _expected_stamps(
    own: IntArray, proxies: Sequence[IntArray], cadence: int, policy: GapPolicy, filling: bool
) -> IntArray:
    given = [series for series in (own, *proxies) if len(series)]
    if not given:
        return np.empty(0, dtype=np.int64)
    first = min(int(series[0]) for series in given)
    last = max(int(series[-1]) for series in given)
    if filling and policy.max_gap_hours is not None and len(own):
        last = max(last, int(own[-1]) + policy.max_gap_hours * 3600)
    grid = np.arange(-(-first // cadence) * cadence, last + 1, cadence, dtype=np.int64)
    return np.union1d(grid, own)


def _within_reach(expected: IntArray, own: IntArray, policy: GapPolicy) -> BoolArray:
    if policy.max_gap_hours is None:
        return np.ones(len(expected), dtype=np.bool_)
    last = latest_observation(expected, own)
    since = np.full(len(expected), _NEVER, dtype=np.int64)
    since[last >= 0] = expected[last >= 0] - own[last[last >= 0]]
    return since <= policy.max_gap_hours * 3600


def stretches(expected: IntArray, missing: BoolArray, fate: IntArray) -> list[Stretch]:
    """Missing stamps merged where they are neighbours in ``expected`` and share their fate."""
    at = np.flatnonzero(missing)
    if not len(at):
        return []
    breaks = np.flatnonzero((np.diff(at) != 1) | (np.diff(fate[at]) != 0)) + 1
    return [
        Stretch(int(expected[run[0]]), int(expected[run[-1]]), len(run), int(fate[run[0]]))
        for run in np.split(at, breaks)
    ]
