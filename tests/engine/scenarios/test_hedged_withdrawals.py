"""Withdrawals from hedged modes are paid whole, soon, and without churning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.config import RunConfig
from engine.market import MarketPanel

MakeRun = Callable[..., RunConfig]
MakePanel = Callable[..., MarketPanel]
HEDGED = ["btc_basis", "eth_basis", "usdt_market_neutral_no_leverage", "usdt_market_neutral"]


@pytest.mark.parametrize("mode", HEDGED)
def test_at_a_standing_price_a_withdrawal_is_paid_within_two_hours(make_run: MakeRun, kit: Any, mode: str) -> None:
    run = make_run(mode, days=9)
    run = kit.flows(run, (20, -0.4 * run.initial_capital))
    result = kit.run(run, kit.panel(run))
    paid = [(row["hour"], row["amount"]) for row in kit.events(result, "withdrawal")]
    assert [amount for _, amount in paid] == [-0.4 * run.initial_capital]
    assert paid[0][0] <= 22
    assert len(kit.actions(result)) <= 3


@pytest.mark.parametrize("mode", HEDGED)
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_at_a_moving_price_too(make_run: MakeRun, make_panel: MakePanel, kit: Any, mode: str, seed: int) -> None:
    run = make_run(mode, days=10)
    run = kit.flows(run, (50, -30_000.0), (60, 30_000.0), (100, -40_000.0))
    result = kit.run(run, make_panel(run, seed))
    paid = [(row["hour"], row["amount"]) for row in kit.events(result, "withdrawal")]
    assert [amount for _, amount in paid] == [-30_000.0, -40_000.0]
    assert paid[0][0] < 56
    assert paid[1][0] < 106
    later = [hour for hour, _, _ in kit.actions(result) if 56 < hour < 60 or hour > 106]
    assert len(later) <= 4, "no rebalancing every hour because somebody waits for money"
