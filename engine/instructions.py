"""What a strategy may ask for: instructions in ordered blocks, and the decision that holds them.

Quantities are signed in token units (buy > 0), amounts positive in units of ``token``.  Every instruction
states the balance changes it expects, independently of how a venue fills it; reconciliation compares them
with what the ledger then shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.positions import WALLET_ETH, PositionKey, a_token, base_token, debt_token, perp, wallet_key


class Action(StrEnum):
    """The five actions a step may take, at most one of them."""

    ENTRY_FULL = "entry_full"
    ENTRY_PARTIAL = "entry_partial"
    EXIT_PARTIAL = "exit_partial"
    EXIT_FULL = "exit_full"
    SELL_DUST = "sell_dust"


@dataclass(frozen=True, slots=True)
class Expectation:
    """An expected balance change, in the token's own units (not scaled)."""

    key: PositionKey
    delta: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move ``amount`` of ``token`` between two accounts; it may take its time to arrive."""

    source: str
    target: str
    token: str
    amount: float

    @property
    def venue(self) -> str:
        return self.source

    def expectations(self) -> tuple[Expectation, ...]:
        return (Expectation(base_token(self.source, self.token), -self.amount),)


@dataclass(frozen=True, slots=True)
class SpotTrade:
    """Buy (> 0) or sell (< 0) ``quantity`` of ``base`` for USDT."""

    venue: str
    base: str
    quantity: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (Expectation(base_token(self.venue, self.base), self.quantity),)


@dataclass(frozen=True, slots=True)
class PerpTrade:
    """Change a perpetual position by ``quantity`` (signed)."""

    venue: str
    symbol: str
    quantity: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (Expectation(perp(self.venue, self.symbol), self.quantity),)


@dataclass(frozen=True, slots=True)
class LendSupply:
    """Supply ``amount`` of ``asset`` from the wallet to a lending venue."""

    venue: str
    asset: str
    amount: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (
            Expectation(wallet_key(self.asset), -self.amount),
            Expectation(a_token(self.asset, self.venue), self.amount),
        )


@dataclass(frozen=True, slots=True)
class LendWithdraw:
    """Withdraw ``amount`` of ``asset`` from a lending venue to the wallet."""

    venue: str
    asset: str
    amount: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (
            Expectation(wallet_key(self.asset), self.amount),
            Expectation(a_token(self.asset, self.venue), -self.amount),
        )


@dataclass(frozen=True, slots=True)
class Borrow:
    """Borrow ``amount`` of ``asset`` from a lending venue into the wallet, at variable rate."""

    venue: str
    asset: str
    amount: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (
            Expectation(wallet_key(self.asset), self.amount),
            Expectation(debt_token(self.asset, self.venue), self.amount),
        )


@dataclass(frozen=True, slots=True)
class Repay:
    """Repay ``amount`` of ``asset`` to a lending venue from the wallet."""

    venue: str
    asset: str
    amount: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (
            Expectation(wallet_key(self.asset), -self.amount),
            Expectation(debt_token(self.asset, self.venue), -self.amount),
        )


@dataclass(frozen=True, slots=True)
class Stake:
    """Stake ``amount`` ETH from the wallet with the issuer of ``lst``; ``minted`` LST are expected."""

    venue: str
    lst: str
    amount: float
    minted: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (Expectation(WALLET_ETH, -self.amount), Expectation(wallet_key(self.lst), self.minted))


@dataclass(frozen=True, slots=True)
class RequestUnstake:
    """Ask the issuer to redeem ``quantity`` LST; the ETH can be claimed after the issuer's delay."""

    venue: str
    lst: str
    quantity: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (Expectation(wallet_key(self.lst), -self.quantity),)


@dataclass(frozen=True, slots=True)
class Swap:
    """Sell ``quantity`` of ``token`` for ETH on a DEX, at its market rate less slippage."""

    venue: str
    token: str
    quantity: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (Expectation(wallet_key(self.token), -self.quantity),)


@dataclass(frozen=True, slots=True)
class FlashBorrow:
    """Take ``amount`` ETH as a flash loan; the same bundle must repay it."""

    venue: str
    amount: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (Expectation(WALLET_ETH, self.amount),)


@dataclass(frozen=True, slots=True)
class FlashRepay:
    """Pay a flash loan of ``amount`` ETH back, with the ``fee`` the venue asks."""

    venue: str
    amount: float
    fee: float

    def expectations(self) -> tuple[Expectation, ...]:
        return (Expectation(WALLET_ETH, -self.amount - self.fee),)


@dataclass(frozen=True, slots=True)
class ContractCall:
    """A call that costs gas and moves nothing: an approval, choosing e-mode."""

    venue: str
    operation: str

    def expectations(self) -> tuple[Expectation, ...]:
        return ()


Instruction = (
    Transfer | SpotTrade | PerpTrade | LendSupply | LendWithdraw | Borrow | Repay
    | Stake | RequestUnstake | Swap | FlashBorrow | FlashRepay | ContractCall
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """Instructions that belong together, executed in order.

    A block with a ``gas_operation`` is one atomic transaction: all its legs post or none does, they share a bundle
    id and are numbered, and it pays gas once, as that operation.
    """

    name: str
    instructions: tuple[Instruction, ...]
    gas_operation: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The action of one step: what, why, and the ordered blocks that bring it about."""

    action: Action
    trigger: str
    reason: str
    blocks: tuple[Block, ...]
