"""Leverage from a target LTV, net of what it costs to get there.

With collateral ``C`` and debt ``D`` (both in ETH), free ETH ``e``, flash-loan fee ``f`` and conversion loss ``c``,
borrowing ``F`` through a flash loan leads to

    D + F(1 + f) = L · (C + (e + F)(1 − c))      ⇒      F = (L(C + e(1 − c)) − D) / (1 + f − L(1 − c))

which for a fresh entry is ``F = L(1 − c)e / (1 + f − L(1 − c))``.  Supply over equity is ``1 / (1 − L)``; debt over
equity is ``L / (1 − L)``.
"""

from __future__ import annotations


def supply_over_equity(ltv: float) -> float:
    """``1 / (1 − L)``."""
    return 1.0 / (1.0 - ltv)


def flash_loan_to_lever(
    collateral: float, debt: float, free: float, ltv: float, fee: float = 0.0, conversion_loss: float = 0.0
) -> float:
    """ETH to flash-borrow so that, all of it and ``free`` supplied, the position stands at ``ltv``.

    Negative when the position is above ``ltv`` already: then it has to be deleveraged.
    """
    kept = 1.0 - conversion_loss
    return (ltv * (collateral + free * kept) - debt) / (1.0 + fee - ltv * kept)


def flash_loan_to_delever(
    collateral: float, debt: float, wanted: float, ltv: float, fee: float = 0.0, conversion_loss: float = 0.0
) -> tuple[float, float]:
    """(debt repaid, collateral withdrawn) in ETH that free ``wanted`` ETH and leave the rest at ``ltv``.

    The collateral withdrawn is sold with ``conversion_loss`` to repay the flash loan and yield ``wanted``:
    ``W(1 − c) = X(1 + f) + wanted`` and ``D − X = L(C − W)``.  When that would repay more than the debt, all of
    it is repaid and what is left is unlevered.
    """
    kept = 1.0 - conversion_loss
    repaid = (debt - ltv * (collateral - wanted / kept)) / (1.0 - ltv * (1.0 + fee) / kept)
    repaid = min(max(repaid, 0.0), debt)
    return repaid, (repaid * (1.0 + fee) + wanted) / kept


def levered_growth(ltv: float, supply_rate: float, staking_rate: float, borrow_rate: float) -> float:
    """Equity growth of an unhedged loop over one step: ``((1 + r)(1 + s) − L(1 + b)) / (1 − L)``."""
    return ((1.0 + supply_rate) * (1.0 + staking_rate) - ltv * (1.0 + borrow_rate)) / (1.0 - ltv)
