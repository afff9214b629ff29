"""The basis trade: targets, funding cash, rebalancing on deviation and on margin, liquidation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import orjson
import pytest

from engine.config import RunConfig
from engine.engine import run_backtest
from engine.market import MarketPanel
from engine.positions import base_token, perp
from engine.results import RESIDUAL_TOLERANCE, RunResult

MakeRun = Callable[..., RunConfig]
MakePanel = Callable[..., MarketPanel]
VENUES = ("binance", "bybit", "okx")


def _path(panel: MarketPanel, relative: np.ndarray) -> MarketPanel:
    """The panel with spot and every mark on one path, ``relative`` to 60,000 USDT."""
    price = 60_000.0 * relative
    return replace(
        panel,
        spot={**panel.spot, "binance:BTCUSDT": price},
        perp=dict.fromkeys(panel.perp, price),
    )


def _series(result: RunResult, key: str) -> np.ndarray:
    return result.record.quantity[[str(item) for item in result.ledger.keys].index(key)]


def test_entry_lands_on_every_target(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis")
    panel = _path(make_panel(run, 1), np.ones(480))
    result = run_backtest(run, panel)
    share, hedge = run.mode.allocation["spot"], run.mode.hedge_allocation
    spot = _series(result, "binance:BaseToken:BTC")[0]
    assert hedge is not None
    assert spot == pytest.approx(share * run.initial_capital / 60_000.0, rel=1e-12)
    for venue in VENUES:
        assert _series(result, f"{venue}:Perp:BTCUSDT")[0] == pytest.approx(-hedge[venue] * spot, rel=1e-12)
    events = result.components.event_logger.columns
    at_entry = [kind for kind, ts in zip(events["event_type"], events["ts"], strict=True) if ts == events["ts"][0]]
    assert Counter(at_entry)["perp_trade"] == 3, "all shorts of an entry happen at one timestamp"


def test_funding_cash_is_size_times_mark_times_rate(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis", days=30)
    panel = make_panel(run, 21)
    result = run_backtest(run, panel)
    expected: dict[str, float] = defaultdict(float)
    for venue in VENUES:
        rates, marks = panel.funding[f"{venue}:BTCUSDT"], panel.perp[f"{venue}:BTCUSDT"]
        sizes = _series(result, f"{venue}:Perp:BTCUSDT")
        for hour in np.flatnonzero(~np.isnan(rates))[1:]:  # nothing is held into the first hour
            expected[venue] += -sizes[hour - 1] * marks[hour] * rates[hour]
    paid: dict[str, float] = defaultdict(float)
    columns = result.components.event_logger.columns
    for kind, venue, amount in zip(columns["event_type"], columns["venue"], columns["amount"], strict=True):
        if kind == "funding_settlement":
            paid[venue] += amount
    assert dict(paid) == pytest.approx(dict(expected), rel=1e-12)


def test_delta_stays_zero_and_pnl_ignores_the_price_path(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis")
    result = run_backtest(run, _path(make_panel(run, 3), np.linspace(1.0, 1.3, 480)))
    exposure = result.record.exposure[result.record.assets.index("BTC")]
    assert np.abs(exposure[3] / result.record.nav).max() < 1e-3
    assert result.worst_residual()[0] <= RESIDUAL_TOLERANCE


def test_a_rally_moves_margin_back_before_it_runs_out(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis")
    result = run_backtest(run, _path(make_panel(run, 3), np.linspace(1.0, 1.6, 480)))
    ratios = result.record.risk[[row for row, m in enumerate(result.record.metrics) if m.name == "margin_ratio"]]
    thresholds = run.mode.margin_thresholds or run.venues["binance"].margin_thresholds
    assert thresholds is not None
    assert ratios.min() > thresholds.warning
    actions = [
        orjson.loads(text)["action"]
        for kind, text in zip(
            result.components.event_logger.columns["event_type"],
            result.components.event_logger.columns["details_json"],
            strict=True,
        )
        if kind == "decision"
    ]
    assert set(actions[1:]) == {"exit_partial"}, "a rising price sells spot, buys back shorts and feeds margin"


def test_risk_acts_when_deviation_is_allowed_to_grow(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis", position_deviation_threshold=0.9)
    result = run_backtest(run, _path(make_panel(run, 3), np.linspace(1.0, 1.5, 480)))
    columns = result.components.event_logger.columns
    breaches = [row for row, kind in enumerate(columns["event_type"]) if kind == "risk_breach"]
    decisions = [row for row, kind in enumerate(columns["event_type"]) if kind == "decision"]
    assert breaches, "the margin warning is an event"
    assert columns["reason"][breaches[0]].startswith("margin_ratio")
    risk_decision = next(row for row in decisions if row > breaches[0])
    details = orjson.loads(columns["details_json"][risk_decision])
    assert (details["trigger"], details["action"]) == ("risk", "exit_partial")
    assert columns["ts"][risk_decision] == columns["ts"][breaches[0]], "risk is answered in the same step"
    assert result.worst_residual()[0] <= RESIDUAL_TOLERANCE


def test_a_jump_through_the_margin_liquidates_and_the_trade_goes_on(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis")
    path = np.ones(480)
    path[100:] = 1.6
    result = run_backtest(run, _path(make_panel(run, 3), path))
    columns = result.components.event_logger.columns
    liquidated = [columns["venue"][row] for row, kind in enumerate(columns["event_type"]) if kind == "liquidation"]
    assert liquidated == list(VENUES)
    assert result.record.attribution.sum() == pytest.approx(result.final_nav - run.initial_capital, rel=1e-9)
    assert result.worst_residual()[0] <= RESIDUAL_TOLERANCE
    for venue in VENUES:
        assert _series(result, f"{venue}:BaseToken:USDT").min() >= 0.0, "an account cannot owe more than it holds"
    exposure = result.record.exposure[result.record.assets.index("BTC")]
    assert abs(exposure[3, -1] / result.final_nav) < 0.01, "delta is flat again at the end"


def test_a_long_fall_realises_gains_to_keep_cash(make_run: MakeRun, make_panel: MakePanel) -> None:
    run = make_run("btc_basis", days=40)
    result = run_backtest(run, _path(make_panel(run, 3), np.linspace(1.0, 0.35, 960)))
    assert "realise gains" in result.components.event_logger.columns["reason"]
    for venue in VENUES:
        assert result.ledger.quantity(base_token(venue, "USDT")) > 0.0
        assert result.ledger.quantity(perp(venue, "BTCUSDT")) < 0.0
    assert result.worst_residual()[0] <= RESIDUAL_TOLERANCE


def test_costs_are_fees_slippage_and_gas_by_hand(make_run: MakeRun, make_panel: MakePanel) -> None:
    """One entry at constant prices: every cost follows from the tables."""
    run = make_run("btc_basis", days=1)
    panel = _path(make_panel(run, 1), np.ones(24))
    panel = replace(panel, funding={name: np.full(24, np.nan) for name in panel.funding})
    panel.funding["binance:BTCUSDT"][0] = 0.0  # at least one settlement, before anything is held
    panel.funding["bybit:BTCUSDT"][0] = 0.0
    panel.funding["okx:BTCUSDT"][0] = 0.0
    result = run_backtest(run, panel)
    notional = run.mode.allocation["spot"] * run.initial_capital
    day = run.start
    spot_fee = run.venues["binance"].parameter("spot.taker_fee_bps", day) * 1e-4
    slippage = notional * 4e-4  # the 100k bucket of the made-up curve
    fees = notional * (1 + 4e-4) * spot_fee
    for venue, share in (run.mode.hedge_allocation or {}).items():
        own = notional * share
        bps = 3e-4 if own <= 10_000 else 4e-4
        slippage += own * bps
        fees += own * (1 - bps) * run.venues[venue].parameter("perp.taker_fee_bps", day) * 1e-4
    attribution = dict(
        zip(("gas", "trading_fees", "slippage"), -result.record.attribution[8:11].sum(axis=1), strict=True)
    )
    assert attribution["trading_fees"] == pytest.approx(fees, rel=1e-12)
    assert attribution["slippage"] == pytest.approx(slippage, rel=1e-9)
    gas_price = panel.gas_price_gwei
    assert gas_price is not None
    gas = 3 * run.venues["alchemy"].parameter("gas_units.VENUE_TRANSFER", day) * gas_price[0] * 1e-9
    assert attribution["gas"] == pytest.approx(gas * panel.spot["binance:ETHUSDT"][0], rel=1e-12)
