"""Execution manager: the tight loop.  Each instruction is executed, posted and reconciled before the next."""

from __future__ import annotations

from engine.event_logger import EventLogger
from engine.execution_interface_manager import ExecutionInterfaceManager
from engine.instructions import Decision
from engine.ledger import Ledger
from engine.market import FloatArray
from engine.position_update_handler import PositionUpdateHandler
from engine.reconciliation import Reconciliation


class ExecutionManager:
    def __init__(
        self,
        ledger: Ledger,
        events: EventLogger,
        venues: ExecutionInterfaceManager,
        updates: PositionUpdateHandler,
        reconciliation: Reconciliation,
        hours: list[int],
    ) -> None:
        self._ledger = ledger
        self._events = events
        self._venues = venues
        self._updates = updates
        self._reconciliation = reconciliation
        self._hours = hours

    def execute(self, decision: Decision, hour: int, attribution: FloatArray) -> None:
        """Carry out a decision, block by block.  Errors: whatever a venue, the ledger or reconciliation refuses."""
        ts = self._hours[hour]
        self._events.record(
            ts,
            "decision",
            "engine",
            reason=f"{decision.action.value}: {decision.reason}",
            details={
                "action": decision.action.value,
                "trigger": decision.trigger,
                "blocks": [block.name for block in decision.blocks],
            },
        )
        for block in decision.blocks:
            for instruction in block.instructions:
                before = list(self._ledger.quantities)
                fills = self._venues.execute(instruction, hour)
                self._updates.apply(fills, hour, attribution, reason=block.name)
                self._reconciliation.check(instruction, before, ts, hour)
