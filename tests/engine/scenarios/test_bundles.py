"""Atomic bundles: numbered legs under one id and one timestamp, all of them or none, landing on the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import RunConfig
from engine.engine import EventEngine
from engine.errors import BasisError
from engine.instructions import (
    Action,
    Block,
    Borrow,
    Decision,
    FlashBorrow,
    FlashRepay,
    LendSupply,
    LendWithdraw,
    Stake,
    Swap,
)
from engine.market import ExecutionCostCurve
from engine.positions import PositionKey

MakeRun = Callable[..., RunConfig]
ENTRY = ["flash_borrow", "stake", "lend_supply", "borrow", "flash_repay"]
UNWIND = ["flash_borrow", "repay", "lend_withdraw", "swap", "flash_repay"]
RATE = 1.05


def _bundles(kit: Any, result: Any) -> list[list[dict[str, Any]]]:
    """Events of each bundle in order: start, legs, gas, end.  Only reconciliations come between them."""
    made: dict[str, list[dict[str, Any]]] = {}
    for row in kit.events(result):
        if row["bundle_id"] is not None:
            made.setdefault(row["bundle_id"], []).append(row)
    for bundle in made.values():
        inside = [row for row in kit.events(result) if bundle[0]["seq"] < row["seq"] < bundle[-1]["seq"]]
        assert all(row["bundle_id"] is not None or row["event_type"] == "reconciliation" for row in inside)
    return list(made.values())


def _hold_together(bundle: list[dict[str, Any]], legs: list[str]) -> None:
    kinds = [row["event_type"] for row in bundle]
    assert kinds == ["bundle_started", *legs, "gas_paid", "bundle_finished"]
    assert [row["leg"] for row in bundle if row["event_type"] in legs] == [1, 2, 3, 4, 5]
    assert len({row["ts"] for row in bundle}) == 1
    assert [row["seq"] for row in bundle] == sorted(row["seq"] for row in bundle)


@pytest.mark.parametrize("fee", [0.0, 0.0005])
@pytest.mark.parametrize("ltv", [0.5, 0.88, 0.905])
def test_entry_lands_exactly_on_the_target_ltv(make_run: MakeRun, kit: Any, fee: float, ltv: float) -> None:
    run = kit.changed(make_run("eth_leveraged", days=1, target_ltv=ltv), {"flash_loan_fee": fee}, "morpho")
    result = kit.run(run, kit.panel(run, rate=RATE, supplied=1.02, borrowed=1.3))
    gas = (55_000 + 55_000 + 1_250_000) * 5e-9  # two preparations and the bundle
    equity = 50.0 - gas
    loan = ltv * equity / (1.0 + fee - ltv)
    (bundle,) = _bundles(kit, result)
    _hold_together(bundle, ENTRY)
    amounts = {row["event_type"]: row["amount"] for row in bundle}
    assert amounts["flash_borrow"] == pytest.approx(loan, rel=1e-12)
    assert amounts["stake"] == pytest.approx(-(equity + loan), rel=1e-12)
    assert amounts["lend_supply"] == pytest.approx(-(equity + loan) / RATE, rel=1e-12)
    assert amounts["borrow"] == pytest.approx(loan * (1.0 + fee), rel=1e-12)
    assert kit.metric(result, "ltv")[0] == pytest.approx(ltv, rel=1e-12)
    assert kit.metric(result, "health_factor")[0] == pytest.approx(0.95 / ltv, rel=1e-12)
    assert kit.component(result, "flash_loan_fee").sum() == pytest.approx(-fee * loan, rel=1e-12)
    assert kit.series(result, "aave_v3:aToken:aweETH")[0] == pytest.approx((equity + loan) / RATE / 1.02, rel=1e-12)
    assert kit.series(result, "aave_v3:debtToken:variableDebtWETH")[0] == pytest.approx(
        loan * (1.0 + fee) / 1.3, rel=1e-12
    )
    assert kit.series(result, "wallet:BaseToken:ETH")[0] == pytest.approx(0.0, abs=1e-12), "gas was kept back"


@pytest.mark.parametrize("fee", [0.0, 0.0005])
@pytest.mark.parametrize("discount", [0.0, 0.003])
def test_a_partial_exit_frees_what_is_wanted_at_the_target_ltv(
    make_run: MakeRun, kit: Any, fee: float, discount: float
) -> None:
    run = kit.changed(make_run("eth_leveraged", days=1), {"flash_loan_fee": fee}, "morpho")
    run = kit.flows(run, (5, -10.0))
    result = kit.run(run, kit.panel(run, rate=RATE, peg=1.0 - discount, bps=6.0))
    bundle = _bundles(kit, result)[1]
    _hold_together(bundle, UNWIND)
    assert [(row["hour"], row["amount"]) for row in kit.events(result, "withdrawal")] == [(5, -10.0)]
    assert kit.metric(result, "ltv")[5] == pytest.approx(0.88, abs=1e-8)
    loss = 1.0 - (1.0 - discount) * (1.0 - 6e-4)
    gas = 850_000 * 5e-9
    collateral, debt = _loop(50.0 - 1_360_000 * 5e-9, 0.88, fee)
    # W(1 − c) = X(1 + f) + wanted and D − X = L(C − W), solved for X
    wanted = 10.0 + gas
    repaid = (debt - 0.88 * (collateral - wanted / (1.0 - loss))) / (1.0 - 0.88 * (1.0 + fee) / (1.0 - loss))
    sold = (repaid * (1.0 + fee) + wanted) / (1.0 - loss)
    amounts = {row["event_type"]: row["amount"] for row in bundle}
    assert amounts["repay"] == pytest.approx(-repaid, rel=1e-8)
    assert amounts["swap"] == pytest.approx(-sold / RATE, rel=1e-8)
    assert kit.component(result, "slippage").sum() == pytest.approx(-sold * loss, rel=1e-8)
    assert kit.series(result, "wallet:BaseToken:ETH")[5] == pytest.approx(0.0, abs=1e-6)


def _loop(equity: float, ltv: float, fee: float) -> tuple[float, float]:
    loan = ltv * equity / (1.0 + fee - ltv)
    return equity + loan, loan * (1.0 + fee)


@settings(max_examples=40)
@given(
    supplied=st.floats(1.0, 1.3), borrowed=st.floats(1.0, 1.3), rate=st.floats(1.0, 1.2), capital=st.floats(5.0, 500.0)
)
def test_a_full_exit_leaves_nothing_behind(
    make_run: MakeRun, kit: Any, supplied: float, borrowed: float, rate: float, capital: float
) -> None:
    run = kit.closing(make_run("eth_leveraged", days=1, capital=capital))
    result = kit.run(run, kit.panel(run, rate=rate, supplied=supplied, borrowed=borrowed, bps=4.0, peg=0.998))
    _hold_together(_bundles(kit, result)[-1], UNWIND)
    for key in ("aave_v3:aToken:aweETH", "aave_v3:debtToken:variableDebtWETH", "etherfi:LST:weETH"):
        assert kit.series(result, key)[-1] == 0.0
    assert kit.metric(result, "health_factor")[-1] == np.inf
    assert result.final_nav == kit.series(result, "wallet:BaseToken:ETH")[-1]
    collateral, _ = _loop(capital - 1_360_000 * 5e-9, 0.88, 0.0)
    lost = collateral * (1.0 - 0.998 * (1.0 - 4e-4))
    assert result.final_nav == pytest.approx(capital - (1_360_000 + 850_000) * 5e-9 - lost, rel=1e-9)


def test_debt_that_grows_past_the_warning_is_deleveraged_to_the_target(make_run: MakeRun, kit: Any) -> None:
    """``eth_leveraged`` at LTV 0.88 warns above 0.91: debt index × 1.04 → 0.9152."""
    run = make_run("eth_leveraged", days=1, position_deviation_threshold=0.9)
    borrowed = np.where(np.arange(24) >= 7, 1.04, 1.0)
    result = kit.checked_hourly(run, kit.panel(run, borrowed=borrowed, bps=5.0, peg=0.999))
    assert kit.actions(result) == [(0, "entry_full", "position"), (7, "exit_partial", "risk")]
    _hold_together(_bundles(kit, result)[1], UNWIND)
    assert kit.metric(result, "ltv")[7] == pytest.approx(0.88, abs=1e-8)
    assert not kit.events(result, "liquidation")
    breaches = [row["reason"] for row in kit.events(result, "risk_breach")]
    assert any(text.startswith("ltv") for text in breaches)


def test_leverage_that_drifted_low_is_raised_again(make_run: MakeRun, kit: Any) -> None:
    """Collateral × 1.004 at LTV 0.88: collateral over equity falls from 8.33 to 8.10, more than 0.02 away."""
    run = make_run("eth_leveraged", days=1)
    rate = np.where(np.arange(24) >= 7, RATE * 1.004, RATE)
    result = kit.run(run, kit.panel(run, rate=rate))
    assert kit.actions(result) == [(0, "entry_full", "position"), (7, "entry_partial", "position")]
    bundle = _bundles(kit, result)[1]
    _hold_together(bundle, ENTRY)
    assert kit.metric(result, "ltv")[6] == pytest.approx(0.88, rel=1e-12)
    assert kit.metric(result, "ltv")[7] == pytest.approx(0.88, rel=1e-8)


def test_the_size_bucket_of_a_deleverage_is_that_of_what_it_sells(make_run: MakeRun, kit: Any) -> None:
    """Freeing 1 ETH sells 8.5 ETH: 3,000 USD are in the cheap bucket, 25,000 USD in the dear one."""
    run = kit.flows(make_run("eth_leveraged", days=1), (5, -1.0))
    curve = ExecutionCostCurve(np.array([1e4, 1e6]), np.array([0], dtype=np.int64), np.array([[1.0, 30.0]]))
    result = kit.run(run, kit.panel(run, curves={"ETH_weETH": curve}))
    (swap,) = kit.events(result, "swap")
    assert swap["details"]["slippage_bps"] == 30.0
    assert kit.metric(result, "ltv")[5] == pytest.approx(0.88, abs=1e-8)
    assert [row["amount"] for row in kit.events(result, "withdrawal")] == [-1.0]


def _executed(run: RunConfig, panel: Any, *legs: Any) -> tuple[EventEngine, BasisError, dict[PositionKey, float], int]:
    """An entered engine that is asked for one more bundle at hour 0; what it refused, and what was there before."""
    engine = EventEngine(run, panel)
    engine._deposit_capital()
    engine._step(0)
    parts = engine._c
    before, events = dict(zip(parts.ledger.keys, parts.ledger.quantities, strict=True)), len(parts.event_logger)
    decision = Decision(Action.EXIT_PARTIAL, "position", "test", (Block("made up", tuple(legs), "ATOMIC_ENTRY"),))
    with pytest.raises(BasisError) as refusal:
        parts.execution_manager.execute(decision, 0, engine._record.attribution)
    return engine, refusal.value, before, events


@pytest.mark.parametrize(
    ("legs", "code", "says"),
    [
        # the loan cannot be repaid: 1 ETH short
        ((FlashBorrow("morpho", 10.0), Stake("etherfi", "weETH", 1.0, 1.0 / RATE), FlashRepay("morpho", 10.0, 0.0)),
         "EXE-003", "leg 3, flash_repay"),
        # more LST than was minted
        ((FlashBorrow("morpho", 10.0), Stake("etherfi", "weETH", 10.0, 10.0 / RATE),
          LendSupply("aave_v3", "weETH", 11.0), Borrow("aave_v3", "WETH", 10.0), FlashRepay("morpho", 10.0, 0.0)),
         "EXE-003", "leg 3, lend_supply"),
        # more collateral than was supplied
        ((LendWithdraw("aave_v3", "weETH", 1e6), Swap("dex", "weETH", 1e6)), "EXE-003", "leg 1, lend_withdraw"),
        # nothing is short, but the pool lends no more than 93 %
        ((Borrow("aave_v3", "WETH", 30.0),), "EXE-001", "LTV"),
        ((LendWithdraw("aave_v3", "weETH", 30.0),), "EXE-001", "LTV"),
    ],
)  # fmt: skip
def test_a_leg_that_fails_leaves_no_trace_of_the_bundle(
    make_run: MakeRun, kit: Any, legs: tuple[Any, ...], code: str, says: str
) -> None:
    run = make_run("eth_leveraged", days=1)
    engine, refusal, before, events = _executed(run, kit.panel(run, rate=RATE), *legs)
    parts = engine._c
    assert (refusal.code, says in str(refusal)) == (code, True), str(refusal)
    assert dict(zip(parts.ledger.keys, parts.ledger.quantities, strict=True)) == before
    added = parts.event_logger.columns["event_type"][events:]
    assert added == ["decision"], "the decision is told, nothing of its bundle is"


def test_an_exit_the_market_cannot_pay_stops_the_run(make_run: MakeRun, kit: Any) -> None:
    """LTV 0.88 with the LST sold at 0.85 of its rate: the flash loan cannot be repaid, so the exit reverts."""
    run = kit.closing(make_run("eth_leveraged", days=1))
    with pytest.raises(BasisError, match="EXE-003") as refusal:
        kit.run(run, kit.panel(run, peg=0.85))
    assert "leg 5, flash_repay" in str(refusal.value)
