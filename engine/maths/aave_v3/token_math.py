"""How token amounts become scaled units and back, by rounding convention.

``HALF_UP`` is aave-v3-core (``rayMul``/``rayDiv`` everywhere, ``ScaledBalanceTokenBase.sol``).  ``AGAINST_USER`` is
``TokenMath.sol`` of aave-v3-origin 3.6.0: minted supply and balances are rounded down, burnt supply and debt up, so
that no call leaves the pool a unit short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.maths.aave_v3.ray import (
    mul_div_ceil,
    ray_div,
    ray_div_ceil,
    ray_div_floor,
    ray_mul,
    ray_mul_ceil,
    ray_mul_floor,
)

Operation = Callable[[int, int], int]


@dataclass(frozen=True, slots=True)
class TokenMath:
    """The rounding of each conversion; every operation takes (amount or scaled units, index in ray)."""

    supply_minted: Operation
    supply_burnt: Operation
    supply_moved: Operation
    supply_balance: Operation
    debt_minted: Operation
    debt_burnt: Operation
    debt_balance: Operation
    debt_value: Callable[[int, int, int], int]
    """(amount, price, unit) → value of a debt in the base currency."""


def _value_down(amount: int, price: int, unit: int) -> int:
    return amount * price // unit


HALF_UP = TokenMath(
    supply_minted=ray_div,
    supply_burnt=ray_div,
    supply_moved=ray_div,
    supply_balance=ray_mul,
    debt_minted=ray_div,
    debt_burnt=ray_div,
    debt_balance=ray_mul,
    debt_value=_value_down,
)

AGAINST_USER = TokenMath(
    supply_minted=ray_div_floor,
    supply_burnt=ray_div_ceil,
    supply_moved=ray_div_ceil,
    supply_balance=ray_mul_floor,
    debt_minted=ray_div_ceil,
    debt_burnt=ray_div_floor,
    debt_balance=ray_mul_ceil,
    debt_value=mul_div_ceil,
)
