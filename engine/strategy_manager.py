"""Strategy manager: asks the strategy when and what, and holds it to the rules of a step."""

from __future__ import annotations

from engine.errors import BasisError
from engine.instructions import Decision
from engine.market import BoolArray
from engine.strategies.base import Snapshot, Strategy


class StrategyManager:
    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        """(hours,) where the strategy would want to act."""
        return self._strategy.triggers(snapshot)

    def decide(self, snapshot: Snapshot, first: bool) -> Decision | None:
        """At most one action.  Errors: STR-002 when the first step holds only its starting cash."""
        decision = self._strategy.decide(snapshot)
        if first and decision is None:
            raise BasisError(
                "STR-002",
                "the strategy decided nothing at the first hour",
                expected="at least one transfer, trade or contract call",
                found=f"NAV {float(snapshot.nav[0]):.2f}, no action",
            )
        return decision

    def stand_down(self) -> None:
        """Leave every position at the next decision and stay out."""
        self._strategy.stand_down()
