"""Execution interface manager: finds the venue that serves an instruction (ADR-008)."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import BasisError
from engine.instructions import Instruction, LendSupply, LendWithdraw, PerpTrade, SpotTrade, Transfer
from engine.venues.base import Fill, Venue


class ExecutionInterfaceManager:
    """Routes by what is asked: trades to exchanges, lending to the pool, transfers to the transfer agent."""

    def __init__(self, exchanges: Mapping[str, Venue], lending: Mapping[str, Venue], transfers: Venue | None) -> None:
        self._exchanges = exchanges
        self._lending = lending
        self._transfers = {"transfer": transfers} if transfers is not None else {}

    def execute(self, instruction: Instruction, hour: int) -> tuple[Fill, ...]:
        """Fills of one instruction.  Errors: EXE-002 when no venue of the run serves it."""
        return self._venue(instruction).execute(instruction, hour)

    def _venue(self, instruction: Instruction) -> Venue:
        match instruction:
            case SpotTrade() | PerpTrade():
                kind, venues, name = "exchange", self._exchanges, instruction.venue
            case LendSupply() | LendWithdraw():
                kind, venues, name = "lending venue", self._lending, instruction.venue
            case Transfer():
                kind, venues, name = "transfer agent", self._transfers, "transfer"
        if name not in venues:
            raise BasisError(
                "EXE-002",
                f"no {kind} {name!r} serves {type(instruction).__name__}",
                expected=f"one of {', '.join(sorted(venues)) or 'none in this mode'}",
                found=name,
            )
        return venues[name]
