"""Gas debt is not something to rebalance away."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest


@pytest.mark.parametrize("mode", ["btc_basis", "eth_basis"])
def test_a_debt_beyond_the_threshold_does_not_trade_every_hour(
    make_run: Any, make_panel: Any, kit: Any, mode: str
) -> None:
    run = make_run(mode, days=90, capital=1_000.0, position_deviation_threshold=0.03, minimum_trade_usd=2.0)
    panel = make_panel(run, 3, 0.004)
    result = kit.run(run, replace(panel, gas_price_gwei=4.0 * panel.gas_price_gwei))
    owed = kit.series(result, "wallet:BaseToken:ETH") * 3_000.0
    assert owed.min() < -0.03 * result.final_nav, "the debt outgrows the threshold"
    hours = [hour for hour, _, _ in kit.actions(result)]
    back_to_back = sum(later == earlier + 1 for earlier, later in pairwise(hours))
    assert back_to_back <= 20, "in 2,160 hours"
