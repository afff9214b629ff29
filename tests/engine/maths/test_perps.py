"""Perpetual maths against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.maths.perps import MarginTiers, apply_trade, fill_price, funding_payment, margin_ratio, unrealised_pnl


def test_fill_price_moves_against_us() -> None:
    assert fill_price(50_000.0, +1.0, 4.0) == pytest.approx(50_020.0, rel=1e-15)
    assert fill_price(50_000.0, -1.0, 4.0) == pytest.approx(49_980.0, rel=1e-15)


def test_a_short_is_paid_when_the_rate_is_positive() -> None:
    assert funding_payment(-2.0, 60_000.0, 0.0001) == pytest.approx(12.0, rel=1e-15)
    assert funding_payment(2.0, 60_000.0, 0.0001) == pytest.approx(-12.0, rel=1e-15)
    assert funding_payment(-2.0, 60_000.0, -0.0003) == pytest.approx(-36.0, rel=1e-15)


def test_adding_to_a_short_averages_the_entry() -> None:
    after = apply_trade(-1.0, 100.0, -3.0, 120.0)
    assert (after.size, after.entry, after.realised) == (-4.0, 115.0, 0.0)


def test_reducing_a_short_realises_and_keeps_the_entry() -> None:
    after = apply_trade(-4.0, 115.0, 1.0, 100.0)
    assert (after.size, after.entry, after.realised) == (-3.0, 115.0, 15.0)


def test_closing_realises_everything() -> None:
    after = apply_trade(2.0, 100.0, -2.0, 90.0)
    assert (after.size, after.entry, after.realised) == (0.0, 0.0, -20.0)


def test_trading_through_zero_opens_the_rest_at_the_fill() -> None:
    after = apply_trade(1.0, 100.0, -3.0, 110.0)
    assert (after.size, after.entry, after.realised) == (-2.0, 110.0, 10.0)


def test_value_changes_only_by_the_distance_of_fill_and_mark() -> None:
    """Δ[z·(m − e) + cash] = Δz·(m − fill) for any trade: the slippage, and nothing else."""
    generator = np.random.default_rng(7)
    for size, entry, quantity, fill, mark in generator.uniform((-5, 50, -9, 50, 50), (5, 150, 9, 150, 150), (500, 5)):
        after = apply_trade(size, entry, quantity, fill)
        change = unrealised_pnl(after.size, mark, after.entry) + after.realised - unrealised_pnl(size, mark, entry)
        assert change == pytest.approx(quantity * (mark - fill), abs=1e-10)


def test_margin_ratio_of_an_account_without_position_is_infinite() -> None:
    ratios = margin_ratio(np.array([30.0, 30.0]), np.array([100.0, 0.0]))
    assert ratios.tolist() == [0.3, np.inf]


def test_tiered_maintenance_margin_is_continuous() -> None:
    tiers = MarginTiers(
        np.array([0.0, 50_000.0, 250_000.0]), np.array([0.004, 0.005, 0.01]), np.array([0.0, 50.0, 1300.0])
    )
    assert float(tiers.maintenance_margin(40_000.0)) == pytest.approx(160.0)
    assert float(tiers.maintenance_margin(100_000.0)) == pytest.approx(450.0)
    for edge in (50_000.0, 250_000.0):
        below = float(tiers.maintenance_margin(edge - 1e-6))
        assert float(tiers.maintenance_margin(edge)) == pytest.approx(below, abs=1e-6)
