"""Pure lending: a scaled balance times an index, less gas."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.config import RunConfig
from engine.engine import run_backtest
from engine.market import MarketPanel


def test_position_grows_with_the_index_and_nav_is_that_less_gas_debt(
    make_run: Callable[..., RunConfig], make_panel: Callable[..., MarketPanel]
) -> None:
    run = make_run("pure_lending", capital=50_000.0)
    panel = make_panel(run, 9)
    result = run_backtest(run, panel)
    index = panel.liquidity_index["USDT"]
    keys = [str(key) for key in result.ledger.keys]
    supplied = result.record.value[keys.index("aave_v3:aToken:aUSDT")]
    gas_debt = result.record.value[keys.index("wallet:BaseToken:ETH")]
    assert supplied == pytest.approx(50_000.0 * index / index[0], rel=1e-13)
    assert result.record.nav == pytest.approx(supplied + gas_debt, rel=1e-15)


def test_gas_is_units_times_price_at_the_hour(
    make_run: Callable[..., RunConfig], make_panel: Callable[..., MarketPanel]
) -> None:
    run = make_run("pure_lending")
    panel = make_panel(run, 9)
    result = run_backtest(run, panel)
    assert panel.gas_price_gwei is not None
    units = run.venues["alchemy"].parameter("gas_units.COLLATERAL_SUPPLIED", run.start)
    eth = units * panel.gas_price_gwei[0] * 1e-9
    keys = [str(key) for key in result.ledger.keys]
    assert result.record.quantity[keys.index("wallet:BaseToken:ETH")][0] == pytest.approx(-eth, rel=1e-15)
    assert result.summary()["total_costs"] == pytest.approx(eth * panel.spot["binance:ETHUSDT"][0], rel=1e-12)
