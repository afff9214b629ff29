"""The float formulas against the exact ones, and their shapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.maths.aave_v3 import (
    ALL_RULES,
    RULES_3_0,
    RULES_3_6,
    Rules,
    available_borrow,
    borrow_growth,
    health_factor,
    linear_interest,
    liquidation,
    loan_to_value,
    supply_growth,
)
from engine.maths.aave_v3.liquidation import BASE_UNIT, Leg, leaves_dust, max_liquidatable_debt, seize
from engine.maths.aave_v3.ray import RAY, WAD

VERSIONS = pytest.mark.parametrize("rules", ALL_RULES, ids=lambda rules: rules.version)


def test_ratios_broadcast_and_have_limits() -> None:
    collateral, debt = np.array([100.0, 100.0, 0.0]), np.array([0.0, 95.0, 1.0])
    assert health_factor(collateral, 0.95, debt) == pytest.approx([np.inf, 1.0, 0.0], rel=1e-15)
    assert loan_to_value(collateral, debt) == pytest.approx([0.0, 0.95, np.inf], rel=1e-15)
    assert available_borrow(collateral, 0.93, debt) == pytest.approx([93.0, 0.0, 0.0], rel=1e-15)
    assert float(health_factor(200.0, 0.8, 100.0)) == pytest.approx(1.6, rel=1e-15)


@VERSIONS
@given(rate=st.floats(0.0, 4.0), seconds=st.integers(0, 400 * 86_400))
def test_growth_agrees_with_the_exact_series(rules: Rules, rate: float, seconds: int) -> None:
    ray_rate = int(rate * RAY)
    assert supply_growth(rate, seconds) == pytest.approx(linear_interest(ray_rate, seconds) / RAY, rel=1e-12)
    assert borrow_growth(rules, rate, seconds) == pytest.approx(
        rules.compounded_interest(ray_rate, seconds) / RAY, rel=1e-10
    )


@VERSIONS
@given(
    debt=st.floats(500.0, 1e7),
    other_debt=st.sampled_from([0.0, 500.0, 1e6]),
    ratio=st.floats(0.5, 1.4),
    hf=st.floats(0.5, 1.05),
    bonus=st.sampled_from([10100, 10450, 10700]),
    limit=st.sampled_from([200.0, 1_500.0, 5e5, 1e9]),
)
def test_a_liquidation_agrees_with_the_exact_one(
    rules: Rules, debt: float, other_debt: float, ratio: float, hf: float, bonus: int, limit: float
) -> None:
    owed, held = round(debt * ratio * 1e6) / 1e6, round(debt * 1e6) / 1e6
    debt_leg = Leg(round(owed * WAD), BASE_UNIT, WAD)
    collateral_leg = Leg(round(held * WAD), BASE_UNIT, WAD)
    total_debt_base = round((owed + other_debt) * BASE_UNIT)
    cover = min(
        round(limit * WAD),
        max_liquidatable_debt(rules, debt_leg, collateral_leg, total_debt_base, round(hf * WAD)),
    )
    exact = seize(rules, cover, debt_leg, collateral_leg, bonus, 1000)
    refused = round(hf * WAD) >= WAD or (rules.books_deficit and leaves_dust(exact, debt_leg, collateral_leg))
    ours = liquidation(
        rules,
        health_factor=hf,
        debt=owed,
        total_debt=owed + other_debt,
        collateral=held,
        total_collateral=held,
        bonus=bonus / 10_000 - 1.0,
        protocol_fee=0.1,
        debt_to_cover=limit,
    )
    assert bool(ours.refused) == refused
    if not refused:
        assert float(ours.repaid) == pytest.approx(exact.debt / WAD, rel=1e-7)
        assert float(ours.seized) == pytest.approx(exact.collateral / WAD, rel=1e-7)
        assert float(ours.protocol_fee) == pytest.approx(exact.protocol_fee / WAD, rel=1e-6)


def test_only_todays_rules_write_bad_debt_off() -> None:
    arguments = {
        "health_factor": np.array([0.7, 0.97]),
        "debt": 1000.0,
        "total_debt": 1500.0,
        "collateral": np.array([800.0, 1000.0]),
        "total_collateral": np.array([800.0, 1900.0]),
        "bonus": 0.05,
        "protocol_fee": 0.1,
    }
    old, new = liquidation(RULES_3_0, **arguments), liquidation(RULES_3_6, **arguments)
    assert old.deficit == pytest.approx([0.0, 0.0])
    assert old.repaid == pytest.approx([800.0 / 1.05, 500.0])
    # small positions close whole; the account in the first column has nothing left
    assert new.repaid == pytest.approx([800.0 / 1.05, 1000.0 / 1.05])
    assert new.deficit == pytest.approx([1500.0 - 800.0 / 1.05, 0.0])
