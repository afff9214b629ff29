from __future__ import annotations

import numpy as np

from pipelines.market.resolve import FILLED, UNRESOLVED, Resolution, resolve
from pipelines.sources.dataset import GapPolicy

PROXY = GapPolicy(action="proxy", absent_file="proxy", reason="made up")
ERROR = GapPolicy(action="error", absent_file="error")


def _resolve(own: list[int], proxies: list[list[int]], policy: GapPolicy, **options: bool) -> Resolution:
    return resolve(
        own=np.array(own, dtype=np.int64) * 3600,
        proxies=[np.array(proxy, dtype=np.int64) * 3600 for proxy in proxies],
        cadence=3600,
        policy=policy,
        absent=options.get("absent", False),
        allow_proxies=options.get("allow_proxies", True),
    )


def _holes(resolution: Resolution) -> list[tuple[int, int, int, int]]:
    return [(hole.start // 3600, hole.end // 3600, hole.missing, hole.fate) for hole in resolution.holes]


def test_a_hole_takes_the_first_proxy_that_observed_it() -> None:
    found = _resolve([0, 1, 6], [[0, 1, 2, 3], [2, 3, 4]], PROXY)
    assert (found.ts // 3600).tolist() == [0, 1, 2, 3, 4, 6]
    assert found.origin.tolist() == [0, 0, 1, 1, 2, 0]
    assert _holes(found) == [(2, 3, 2, 1), (4, 4, 1, 2), (5, 5, 1, UNRESOLVED)]


def test_proxies_reach_before_the_first_and_after_the_last_own_row() -> None:
    found = _resolve([2], [[0, 1, 2, 3, 4]], PROXY)
    assert found.origin.tolist() == [1, 1, 0, 1, 1]


def test_without_leave_every_hole_stays_open() -> None:
    found = _resolve([0, 3], [[0, 1, 2, 3, 4]], PROXY, allow_proxies=False)
    assert (found.ts // 3600).tolist() == [0, 3]
    assert _holes(found) == [(1, 2, 2, UNRESOLVED), (4, 4, 1, UNRESOLVED)]


def test_an_absent_series_is_its_proxies_only_where_that_is_declared() -> None:
    assert _resolve([], [[0, 1], [0, 1, 2]], PROXY, absent=True).origin.tolist() == [1, 1, 2]
    refused = _resolve([], [[0, 1]], GapPolicy(action="proxy", absent_file="error", reason="made up"), absent=True)
    assert len(refused.ts) == 0
    assert _holes(refused) == [(0, 1, 2, UNRESOLVED)]


def test_a_bounded_proxy_goes_no_further_than_declared() -> None:
    bounded = GapPolicy(action="proxy", absent_file="error", max_gap_hours=2)
    found = _resolve([0, 5], [[0, 1, 2, 3, 4, 5]], bounded)
    assert (found.ts // 3600).tolist() == [0, 1, 2, 5]


def test_a_fill_repeats_the_last_row_for_the_declared_hours_also_past_the_end() -> None:
    filling = GapPolicy(action="forward_fill", absent_file="error", max_gap_hours=2)
    found = _resolve([0, 4], [], filling)
    assert (found.ts // 3600).tolist() == [0, 1, 2, 4, 5, 6]
    assert found.filled.tolist() == [False, True, True, False, True, True]
    assert _holes(found) == [(1, 2, 2, FILLED), (3, 3, 1, UNRESOLVED), (5, 6, 2, FILLED)]


def test_nothing_is_filled_that_nobody_declared() -> None:
    found = _resolve([0, 2], [[0, 1, 2]], ERROR)
    assert (found.ts // 3600).tolist() == [0, 2]


def test_no_rows_at_all() -> None:
    found = _resolve([], [], ERROR)
    assert len(found.ts) == 0
    assert found.holes == []
