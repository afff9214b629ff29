"""The calls an account can make.  Amounts are token units; ``MAX_AMOUNT`` stands for everything."""

from __future__ import annotations

from dataclasses import dataclass

from engine.maths.aave_v3.ray import MAX_UINT256

MAX_AMOUNT = MAX_UINT256


@dataclass(frozen=True, slots=True)
class Supply:
    """``user`` supplies from its wallet for ``beneficiary``."""

    user: str
    asset: str
    amount: int
    beneficiary: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """``user`` burns its supply and sends the tokens to ``recipient``'s wallet."""

    user: str
    asset: str
    amount: int
    recipient: str


@dataclass(frozen=True, slots=True)
class Borrow:
    """``user`` receives a loan that ``debtor`` owes (another account needs a credit delegation, which nobody has)."""

    user: str
    asset: str
    amount: int
    debtor: str


@dataclass(frozen=True, slots=True)
class Repay:
    """``user`` pays ``debtor``'s variable debt from its wallet."""

    user: str
    asset: str
    amount: int
    debtor: str


@dataclass(frozen=True, slots=True)
class RepayWithATokens:
    """``user`` pays its own debt with its own supply of the same asset."""

    user: str
    asset: str
    amount: int


@dataclass(frozen=True, slots=True)
class TransferAToken:
    """``user`` sends supply to ``recipient``."""

    user: str
    recipient: str
    asset: str
    amount: int


@dataclass(frozen=True, slots=True)
class SetUserEMode:
    """``user`` enters an e-mode category; 0 leaves."""

    user: str
    category: int


@dataclass(frozen=True, slots=True)
class SetUserUseReserveAsCollateral:
    """``user`` switches the use of a supply as collateral."""

    user: str
    asset: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class MintToTreasury:
    """Anybody turns what reserves accrued for the treasury into its aTokens."""

    assets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiquidationCall:
    """``liquidator`` pays up to ``debt_to_cover`` of ``borrower``'s debt for collateral with a bonus."""

    liquidator: str
    borrower: str
    collateral_asset: str
    debt_asset: str
    debt_to_cover: int
    receive_atoken: bool


Action = (
    Supply
    | Withdraw
    | Borrow
    | Repay
    | RepayWithATokens
    | TransferAToken
    | SetUserEMode
    | SetUserUseReserveAsCollateral
    | MintToTreasury
    | LiquidationCall
)
