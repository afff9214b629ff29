"""An independent replay: NAV from the event log and the raw market alone, by other formulas than the engine's.

No average entry, no realised P&L, no ledger: a perpetual is worth ``z·m − Σ Δz·fill`` and cash is what events say was
paid.  It must give the engine's NAV to 1e-9.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import orjson
import pytest

from engine.config import RunConfig
from engine.engine import run_backtest
from engine.market import FloatArray, MarketPanel
from engine.results import RunResult


def replayed_nav(result: RunResult, panel: MarketPanel) -> FloatArray:
    """(n,) NAV in USDT of a USDT-class run, from its events and the panel."""
    count = len(panel)
    cash = np.zeros(count)  # all USDT, wherever it is
    held: dict[str, FloatArray] = {}

    def add(token: str, hour: int, amount: float) -> None:
        held.setdefault(token, np.zeros(count))[hour:] += amount

    columns = result.components.event_logger.columns
    for kind, ts, venue, token, amount, price, text in zip(
        *(columns[name] for name in ("event_type", "ts", "venue", "token", "amount", "price", "details_json")),
        strict=True,
    ):
        hour = (ts - int(panel.hours[0])) // 3600
        details = orjson.loads(text) if text else {}
        if kind in ("capital_deposited", "funding_settlement"):
            cash[hour:] += amount
        elif kind == "spot_trade":
            add(f"spot {venue}:{token}USDT", hour, amount)
            cash[hour:] -= amount * price + details["fee"]
        elif kind in ("perp_trade", "liquidation"):
            add(f"perp {venue}:{token}", hour, amount)
            cash[hour:] -= amount * price + details["fee"] - details.get("borne_by_venue", 0.0)
        elif kind in ("lend_supply", "lend_withdraw"):
            cash[hour:] += amount
            add(f"aave {token}", hour, -amount / panel.liquidity_index[token][hour])
        elif kind == "gas_paid":
            add("spot binance:ETHUSDT", hour, amount)
    nav = cash
    for name, quantity in held.items():
        kind, series = name.split(" ")
        prices = {"spot": panel.spot, "perp": panel.perp, "aave": panel.liquidity_index}[kind][series]
        nav = nav + quantity * prices
    return nav


@pytest.mark.parametrize("mode", ["pure_lending", "btc_basis"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_replaying_the_event_log_gives_the_nav(
    make_run: Callable[..., RunConfig], make_panel: Callable[..., MarketPanel], mode: str, seed: int
) -> None:
    run = make_run(mode, days=60)
    panel = make_panel(run, seed, 0.01)
    result = run_backtest(run, panel)
    assert replayed_nav(result, panel) == pytest.approx(result.record.nav, rel=1e-11)
