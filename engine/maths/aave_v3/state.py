"""The pool's storage as immutable values: reserves, accounts and the whole pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.maths.aave_v3.ray import RAY


@dataclass(frozen=True, slots=True)
class ReserveState:
    """Storage of one reserve (``DataTypes.ReserveData`` and its two tokens).

    Indices and rates are ray, ``scaled_*`` are scaled token units, ``available`` and ``deficit`` token units,
    ``last_update`` epoch seconds; ``accrued_to_treasury`` is scaled.
    """

    liquidity_index: int = RAY
    variable_borrow_index: int = RAY
    liquidity_rate: int = 0
    variable_borrow_rate: int = 0
    last_update: int = 0
    accrued_to_treasury: int = 0
    scaled_supply: int = 0
    scaled_debt: int = 0
    available: int = 0
    deficit: int = 0


@dataclass(frozen=True, slots=True)
class UserState:
    """One account: scaled balances and wallet by asset, e-mode category, and its two sets of flags."""

    emode: int = 0
    scaled_supply: Mapping[str, int] = field(default_factory=dict)
    scaled_debt: Mapping[str, int] = field(default_factory=dict)
    wallet: Mapping[str, int] = field(default_factory=dict)
    collateral: frozenset[str] = frozenset()
    borrowing: frozenset[str] = frozenset()

    def supplied(self, asset: str) -> int:
        """Scaled aToken balance; an account that never held the token has none."""
        return self.scaled_supply.get(asset, 0)

    def owed(self, asset: str) -> int:
        """Scaled variable-debt balance."""
        return self.scaled_debt.get(asset, 0)

    def held(self, asset: str) -> int:
        """Tokens in the wallet."""
        return self.wallet.get(asset, 0)


@dataclass(frozen=True, slots=True)
class PoolState:
    """Everything a call may change.  Every address exists, so an account not listed is an empty one."""

    reserves: Mapping[str, ReserveState]
    users: Mapping[str, UserState] = field(default_factory=dict)

    def user(self, name: str) -> UserState:
        """The account of ``name``."""
        return self.users.get(name, UserState())
