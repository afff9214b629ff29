"""Execution interface manager: finds the venue that serves an instruction (ADR-008)."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import BasisError
from engine.instructions import (
    Block,
    Borrow,
    ContractCall,
    FlashBorrow,
    FlashRepay,
    Instruction,
    LendSupply,
    LendWithdraw,
    PerpTrade,
    Repay,
    RequestUnstake,
    SpotTrade,
    Stake,
    Swap,
    Transfer,
)
from engine.positions import PositionKey
from engine.venues.base import Fill, Venue
from engine.venues.lending import SimulatedLending

KINDS: Mapping[type, str] = {
    SpotTrade: "exchange",
    PerpTrade: "exchange",
    LendSupply: "lending",
    LendWithdraw: "lending",
    Borrow: "lending",
    Repay: "lending",
    Stake: "staking",
    RequestUnstake: "staking",
    Swap: "dex",
    FlashBorrow: "flash_loan",
    FlashRepay: "flash_loan",
    Transfer: "transfer",
}
"""Kind of venue that serves each instruction."""


class ExecutionInterfaceManager:
    """``venues``: kind → name → venue.  Transfers and the DEX have one each, whatever the instruction names."""

    def __init__(self, venues: Mapping[str, Mapping[str, Venue]], pools: Mapping[str, SimulatedLending]) -> None:
        self._venues = venues
        self._pools = pools

    def execute(self, instruction: Instruction, hour: int) -> tuple[Fill, ...]:
        """Fills of one instruction.  Errors: EXE-002 when no venue of the run serves it."""
        if isinstance(instruction, ContractCall):
            return ()
        kind = KINDS[type(instruction)]
        venues = self._venues[kind]
        name = kind if isinstance(instruction, Transfer) else instruction.venue
        if name not in venues:
            raise BasisError(
                "EXE-002",
                f"no {kind} venue {name!r} serves {type(instruction).__name__}",
                expected=f"one of {', '.join(sorted(venues)) or 'none in this mode'}",
                found=name,
            )
        return venues[name].execute(instruction, hour)

    def check(self, block: Block, balances: Mapping[PositionKey, float], hour: int) -> None:
        """Would every pool a block borrows or withdraws from accept the balances it leaves?  Errors: EXE-001."""
        for name in {step.venue for step in block.instructions if isinstance(step, Borrow | LendWithdraw)}:
            self._pools[name].check(balances, hour)
