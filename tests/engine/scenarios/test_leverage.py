"""The leverage formulas, checked by carrying out what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.maths.leverage import (
    flash_loan_to_delever,
    flash_loan_to_lever,
    levered_growth,
    supply_over_equity,
)

LTVS, FEES, LOSSES = st.floats(0.05, 0.93), st.floats(0.0, 0.001), st.floats(0.0, 0.03)


def test_supply_over_equity_is_not_debt_over_equity() -> None:
    assert supply_over_equity(0.65) == pytest.approx(2.857142857142857)
    assert supply_over_equity(0.65) * 0.65 == pytest.approx(0.65 / 0.35), "the debt"


@pytest.mark.parametrize(
    ("ltv", "fee", "loss", "loan"),
    [
        (0.88, 0.0, 0.0, 73.33333333333333),  # 0.88/0.12 · 10
        (0.88, 0.0005, 0.0, 73.02904564315353),  # 8.8/0.1205
        (0.88, 0.0005, 0.001, 72.42708848245180),  # 8.7912/0.12138
        (0.50, 0.0, 0.0, 10.0),
    ],
)
def test_a_fresh_entry_by_hand(ltv: float, fee: float, loss: float, loan: float) -> None:
    """``F = L(1 − c)E / (1 + f − L(1 − c))`` with 10 ETH."""
    assert flash_loan_to_lever(0.0, 0.0, 10.0, ltv, fee, loss) == pytest.approx(loan, rel=1e-12)


@given(collateral=st.floats(0.0, 500.0), owed=st.floats(0.0, 0.95), free=st.floats(0.0, 100.0),
       ltv=LTVS, fee=FEES, loss=LOSSES)  # fmt: skip
def test_the_loan_lands_on_the_target(
    collateral: float, owed: float, free: float, ltv: float, fee: float, loss: float
) -> None:
    debt = owed * collateral
    loan = flash_loan_to_lever(collateral, debt, free, ltv, fee, loss)
    after, due = collateral + (free + loan) * (1.0 - loss), debt + loan * (1.0 + fee)
    assert due == pytest.approx(ltv * after, rel=1e-9, abs=1e-9)


@given(collateral=st.floats(10.0, 500.0), owed=st.floats(0.3, 0.94), wanted=st.floats(0.0, 1.0),
       ltv=LTVS, fee=FEES, loss=LOSSES)  # fmt: skip
def test_deleveraging_frees_what_is_wanted_and_lands_on_the_target(
    collateral: float, owed: float, wanted: float, ltv: float, fee: float, loss: float
) -> None:
    debt = owed * collateral
    equity = collateral * (1.0 - loss) - debt * (1.0 + fee)
    eth = wanted * max(equity, 0.0) * 0.9
    repaid, sold = flash_loan_to_delever(collateral, debt, eth, ltv, fee, loss)
    assert sold * (1.0 - loss) - repaid * (1.0 + fee) == pytest.approx(eth, abs=1e-9), "the wallet keeps exactly that"
    assert 0.0 <= repaid <= debt
    if 0.0 < repaid < debt and ltv * (1.0 + fee) < 1.0 - loss:
        assert debt - repaid == pytest.approx(ltv * (collateral - sold), rel=1e-9, abs=1e-9)


def test_growth_of_a_loop_by_hand() -> None:
    """LTV 0.8: assets 5, debt 4 for each 1 of equity; +1% on assets, +0.5% on debt."""
    assert levered_growth(0.8, 0.0, 0.01, 0.005) == pytest.approx(1.0 + 5 * 0.01 - 4 * 0.005)
    assert levered_growth(0.8, 0.002, 0.01, 0.005) == pytest.approx(5 * 1.002 * 1.01 - 4 * 1.005)
