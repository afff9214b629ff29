"""What a strategy may ask for: instructions in ordered blocks, and the decision that holds them.

Quantities are signed in token units (buy > 0), amounts positive in units of ``token``.  Every instruction
states the balance changes it expects, independently of how a venue fills it; reconciliation compares them
with what the ledger then shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.positions import PositionKey, a_token, base_token, perp


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
    """Move ``amount`` of ``token`` between two accounts."""

    source: str
    target: str
    token: str
    amount: float

    @property
    def venue(self) -> str:
        return self.source

    def expectations(self) -> tuple[Expectation, ...]:
        return (
            Expectation(base_token(self.source, self.token), -self.amount),
            Expectation(base_token(self.target, self.token), self.amount),
        )


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
            Expectation(base_token("wallet", self.asset), -self.amount),
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
            Expectation(base_token("wallet", self.asset), self.amount),
            Expectation(a_token(self.asset, self.venue), -self.amount),
        )


Instruction = Transfer | SpotTrade | PerpTrade | LendSupply | LendWithdraw


@dataclass(frozen=True, slots=True)
class Block:
    """Instructions that belong together, executed in order."""

    name: str
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The action of one step: what, why, and the ordered blocks that bring it about."""

    action: Action
    trigger: str
    reason: str
    blocks: tuple[Block, ...]
