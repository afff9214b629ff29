"""The versions of the protocol's rules, as parameters with a date.

Version 3.0 ran on Ethereum from 2023-01-27; the rules that changed liquidations came with 3.3, rolled out from
2025-02-24.  Two versions stand for all: 3.0 until that day and 3.6 from it.  What 3.1, 3.2, 3.4 and 3.5 changed on
their own days (bookkeeping, e-mode lists, rounding) is dated with the version it is part of here.
Sources: ``aave-v3-core`` 1.19.3, ``aave-v3-origin`` 3.6.0 and its ``docs/3.3``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from engine.maths.aave_v3.interest import binomial_interest, taylor_interest
from engine.maths.aave_v3.refusals import Refusal, Refused
from engine.maths.aave_v3.token_math import AGAINST_USER, HALF_UP, TokenMath


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the rules.  Flags say what a version does; code never compares version numbers."""

    version: str
    effective_from: date
    tokens: TokenMath
    compounded_interest: Callable[[int, int], int]
    """(rate in ray per year, seconds) → growth factor in ray."""
    named_errors: bool
    """Reverts carry a named error instead of a number."""
    averages_debt: bool
    """The supply rate is weighed over stable and variable debt, with its rounding."""
    virtual_accounting: bool
    """Liquidity is the pool's own book entry, moved together with the rates, not the token balance."""
    settles_scaled: bool
    """Amounts are validated and settled in scaled units, against the user."""
    checks_after_borrow: bool
    """Health and LTV are checked on the account as it is after the loan."""
    liquid_emode: bool
    """E-mode lists collateral and borrowable assets apart; leaving it checks every position."""
    received_supply_becomes_collateral: bool
    """The first aTokens received by transfer or liquidation are switched on as collateral."""
    books_deficit: bool
    """Liquidations use the whole position's close factor, refuse dust, and write bad debt off as a deficit."""

    def refused(self, reason: Refusal) -> Refused:
        """The refusal these rules answer with.

        Raises:
            ValueError: these rules have no such error.
        """
        code = reason.error if self.named_errors else reason.number
        if code is None:
            raise ValueError(f"{reason.name} does not exist in Aave {self.version}")
        return Refused(reason, code)


RULES_3_0 = Rules(
    version="3.0",
    effective_from=date(2023, 1, 27),
    tokens=HALF_UP,
    compounded_interest=binomial_interest,
    named_errors=False,
    averages_debt=True,
    virtual_accounting=False,
    settles_scaled=False,
    checks_after_borrow=False,
    liquid_emode=False,
    received_supply_becomes_collateral=True,
    books_deficit=False,
)

RULES_3_6 = Rules(
    version="3.6",
    effective_from=date(2025, 2, 24),
    tokens=AGAINST_USER,
    compounded_interest=taylor_interest,
    named_errors=True,
    averages_debt=False,
    virtual_accounting=True,
    settles_scaled=True,
    checks_after_borrow=True,
    liquid_emode=True,
    received_supply_becomes_collateral=False,
    books_deficit=True,
)

ALL_RULES = (RULES_3_0, RULES_3_6)


def rules_at(day: date) -> Rules:
    """The rules in force on a UTC day.

    Raises:
        ValueError: the day is before Aave v3 ran on Ethereum.
    """
    in_force = [rules for rules in ALL_RULES if rules.effective_from <= day]
    if not in_force:
        raise ValueError(f"no Aave v3 rules on {day}; the first are of {RULES_3_0.effective_from}")
    return in_force[-1]


def rules_of(version: str) -> Rules:
    """The rules of a version by its number, e.g. ``"3.0"``.

    Raises:
        ValueError: there are no rules of that number.
    """
    for rules in ALL_RULES:
        if rules.version == version:
            return rules
    raise ValueError(f"no Aave v3 rules {version!r}; known are {', '.join(rules.version for rules in ALL_RULES)}")
