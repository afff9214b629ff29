"""Aave v3 arithmetic in floats of 1.0 (not ray).

Source: aave-v3-origin ``WadRayMath``, ``MathUtils``: balance = scaled · liquidity index, debt = scaled ·
variable borrow index; minting and burning divide by the index of the moment.
"""

from __future__ import annotations

from typing import TypeVar

from engine.market import FloatArray

Number = TypeVar("Number", float, FloatArray)


def scaled_balance(amount: Number, index: Number) -> Number:
    """Scaled units minted for (or burnt by) ``amount`` tokens at ``index``."""
    return amount / index


def balance(scaled: float, index: Number) -> Number:
    """Tokens that ``scaled`` units stand for at ``index``."""
    return scaled * index
