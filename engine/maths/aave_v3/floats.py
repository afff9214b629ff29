"""The protocol's formulas on floats and NumPy arrays, for engines and sweeps.

The same rules as the integer modules without their rounding; every argument broadcasts.  Fractions are of one
(0.95 = 95 %), values are in any one currency, a bonus excludes the principal (0.01 = 1 %), rates are per year of
365 days.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.maths.aave_v3.interest import SECONDS_PER_YEAR
from engine.maths.aave_v3.liquidation import (
    BASE_UNIT,
    CLOSE_FACTOR,
    CLOSE_FACTOR_HEALTH_FACTOR,
    FULL_CLOSE_VALUE,
    MIN_LEFTOVER_VALUE,
)
from engine.maths.aave_v3.ray import BPS, RAY, WAD
from engine.maths.aave_v3.rules import Rules

Floats = float | NDArray[np.float64]
Number = TypeVar("Number", float, NDArray[np.float64])

HALF = CLOSE_FACTOR / BPS
FULL_CLOSE_BELOW = CLOSE_FACTOR_HEALTH_FACTOR / WAD
SMALL_USD = FULL_CLOSE_VALUE / BASE_UNIT
DUST_USD = MIN_LEFTOVER_VALUE / BASE_UNIT


class LiquidationAmounts(NamedTuple):
    """Values (not units) one call moves: debt repaid, collateral to liquidator and treasury, debt written off.

    ``refused`` marks the calls the protocol rejects (health factor not below one, or dust left); their amounts
    are zero.
    """

    repaid: NDArray[np.float64]
    seized: NDArray[np.float64]
    protocol_fee: NDArray[np.float64]
    deficit: NDArray[np.float64]
    refused: NDArray[np.bool_]


def health_factor(collateral: Floats, threshold: Floats, debt: Floats) -> NDArray[np.float64]:
    """collateral · liquidation threshold / debt; infinite without debt.

    ``collateral`` and ``threshold`` are the account's totals: the value and its weighted average threshold.
    """
    weighted, owed = np.broadcast_arrays(np.multiply(collateral, threshold), np.asarray(debt, dtype=np.float64))
    return np.asarray(np.divide(weighted, owed, out=np.full(owed.shape, np.inf), where=owed > 0))


def loan_to_value(collateral: Floats, debt: Floats) -> NDArray[np.float64]:
    """debt / collateral; zero without debt, infinite for debt without collateral."""
    held, owed = np.broadcast_arrays(np.asarray(collateral, dtype=np.float64), np.asarray(debt, dtype=np.float64))
    return np.asarray(np.divide(owed, held, out=np.where(owed > 0, np.inf, 0.0), where=held > 0))


def available_borrow(collateral: Floats, ltv: Floats, debt: Floats) -> NDArray[np.float64]:
    """Value that may still be borrowed: collateral · LTV − debt, never below zero."""
    return np.asarray(np.maximum(np.multiply(collateral, ltv) - debt, 0.0))


def supply_growth(rate: Floats, seconds: Floats) -> NDArray[np.float64]:
    """Growth factor of the supply index: linear between two updates."""
    return np.asarray(1.0 + np.multiply(rate, seconds) / SECONDS_PER_YEAR)


def borrow_growth(rules: Rules, rate: Floats, seconds: Floats) -> NDArray[np.float64]:
    """Growth factor of the borrow index between two updates, by the series of each version.

    3.0 cuts the powers of the per-second rate to whole rays; at 2.7 % a year the third one is cut to nothing.
    """
    rates, elapsed = np.asarray(rate, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    x = rates * elapsed / SECONDS_PER_YEAR
    if rules.books_deficit:
        return np.asarray(1.0 + x + x**2 / 2.0 + x**3 / 6.0)
    power_two = np.floor(rates**2 * RAY / SECONDS_PER_YEAR**2)
    power_three = np.floor(power_two * rates / SECONDS_PER_YEAR)
    pairs = elapsed * np.maximum(elapsed - 1.0, 0.0)
    triples = pairs * np.maximum(elapsed - 2.0, 0.0)
    return np.asarray(1.0 + x + (pairs * power_two / 2.0 + triples * power_three / 6.0) / RAY)


def liquidation(
    rules: Rules,
    *,
    health_factor: Floats,
    debt: Floats,
    total_debt: Floats,
    collateral: Floats,
    total_collateral: Floats,
    bonus: Floats,
    protocol_fee: Floats,
    debt_to_cover: Floats = np.inf,
) -> LiquidationAmounts:
    """What one liquidation call does, in US dollars.

    ``debt`` and ``collateral`` are the values in the two reserves of the call, ``total_*`` the account's over all
    reserves, ``debt_to_cover`` the liquidator's limit.
    """
    hf, owed, all_debt, held, all_held, share, fee_share, limit = np.broadcast_arrays(
        *(
            np.asarray(value, dtype=np.float64)
            for value in (
                health_factor, debt, total_debt, collateral, total_collateral, bonus, protocol_fee, debt_to_cover
            )
        )
    )  # fmt: skip
    closeable = np.where(hf > FULL_CLOSE_BELOW, HALF * owed, owed)
    if rules.books_deficit:
        halved = (hf > FULL_CLOSE_BELOW) & (held >= SMALL_USD) & (owed >= SMALL_USD)
        closeable = np.where(halved, np.minimum(owed, HALF * all_debt), owed)
    wanted = np.minimum(limit, closeable)
    taken = np.minimum(wanted * (1.0 + share), held)
    repaid = np.where(wanted * (1.0 + share) > held, taken / (1.0 + share), wanted)
    refused = (hf >= 1.0) | (owed <= 0.0) | (held <= 0.0)
    deficit = np.zeros_like(owed)
    if rules.books_deficit:
        left_debt, left_collateral = owed - repaid, held - taken
        dust = np.minimum(left_debt, left_collateral) < DUST_USD
        refused = refused | ((repaid < owed) & (taken < held) & dust)
        deficit = np.where(taken >= all_held, all_debt - repaid, 0.0)
    fee = (taken - taken / (1.0 + share)) * fee_share
    kept = np.where(refused, 0.0, 1.0)
    return LiquidationAmounts(repaid * kept, (taken - fee) * kept, fee * kept, deficit * kept, refused)


def scaled_balance(amount: Number, index: Number) -> Number:
    """Scaled units minted for (or burnt by) ``amount`` tokens at ``index``."""
    return amount / index


def balance(scaled: float, index: Number) -> Number:
    """Tokens that ``scaled`` units stand for at ``index``."""
    return scaled * index
