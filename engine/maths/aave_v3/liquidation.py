"""How much a liquidation may repay, what it seizes and what it may not leave behind.

Source: ``LiquidationLogic.sol`` of both versions.  Amounts are token units, values base currency (8 decimals).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.maths.aave_v3.ray import BPS, WAD, mul_div_ceil, percent_div, percent_div_ceil, percent_mul
from engine.maths.aave_v3.rules import Rules

BASE_UNIT = 10**8
CLOSE_FACTOR = BPS // 2
CLOSE_FACTOR_HEALTH_FACTOR = 95 * WAD // 100
FULL_CLOSE_VALUE = 2000 * BASE_UNIT
"""Since 3.3 a debt or collateral worth less than this may be closed whole."""
MIN_LEFTOVER_VALUE = FULL_CLOSE_VALUE // 2
"""Since 3.3 a liquidation leaves this much on both sides, or nothing on one."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a liquidation: the account's balance in a reserve, the oracle price and the token's unit."""

    balance: int
    price: int
    unit: int

    @property
    def value_down(self) -> int:
        """Value of the balance, rounded down (collateral)."""
        return self.balance * self.price // self.unit

    @property
    def value_up(self) -> int:
        """Value of the balance, rounded up (debt)."""
        return mul_div_ceil(self.balance, self.price, self.unit)


@dataclass(frozen=True, slots=True)
class Seizure:
    """What changes hands: debt repaid, collateral to the liquidator, collateral to the treasury, and the value."""

    debt: int
    collateral: int
    protocol_fee: int
    collateral_base: int

    @property
    def collateral_total(self) -> int:
        """All collateral the borrower loses."""
        return self.collateral + self.protocol_fee


def max_liquidatable_debt(rules: Rules, debt: Leg, collateral: Leg, total_debt_base: int, health_factor: int) -> int:
    """Largest debt (token units) one call may repay.

    3.0 takes half of that reserve's debt while the health factor is above 0.95.  Since 3.3 half of the *whole* debt,
    unless one of the two sides is small.
    """
    above = health_factor > CLOSE_FACTOR_HEALTH_FACTOR
    if not rules.books_deficit:
        return percent_mul(debt.balance, CLOSE_FACTOR if above else BPS)
    if not above or collateral.value_down < FULL_CLOSE_VALUE or debt.value_up < FULL_CLOSE_VALUE:
        return debt.balance
    closeable_base = percent_mul(total_debt_base, CLOSE_FACTOR)
    if debt.value_up <= closeable_base:
        return debt.balance
    return closeable_base * debt.unit // debt.price


def seize(rules: Rules, debt_to_cover: int, debt: Leg, collateral: Leg, bonus: int, protocol_fee: int) -> Seizure:
    """Collateral for a debt, ``bonus`` and ``protocol_fee`` in basis points; capped by the collateral there is.

    Where the cap binds, the debt repaid shrinks to what the collateral is worth without the bonus.  The protocol
    takes its fee out of the bonus.
    """
    base = debt.price * debt_to_cover * collateral.unit // (collateral.price * debt.unit)
    seized, repaid = percent_mul(base, bonus), debt_to_cover
    if seized > collateral.balance:
        seized = collateral.balance
        worth = collateral.price * seized * debt.unit // (debt.price * collateral.unit)
        repaid = (percent_div_ceil if rules.settles_scaled else percent_div)(worth, bonus)
    fee = percent_mul(seized - percent_div(seized, bonus), protocol_fee) if protocol_fee else 0
    return Seizure(
        debt=repaid,
        collateral=seized - fee,
        protocol_fee=fee,
        collateral_base=seized * collateral.price // collateral.unit,
    )


def leaves_dust(seizure: Seizure, debt: Leg, collateral: Leg) -> bool:
    """Whether both sides survive and one of them is worth less than the minimum leftover (rule since 3.3)."""
    debt_left = Leg(debt.balance - seizure.debt, debt.price, debt.unit)
    collateral_left = Leg(collateral.balance - seizure.collateral_total, collateral.price, collateral.unit)
    if debt_left.balance <= 0 or collateral_left.balance <= 0:
        return False
    return debt_left.value_up < MIN_LEFTOVER_VALUE or collateral_left.value_down < MIN_LEFTOVER_VALUE
