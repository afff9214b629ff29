"""Execution manager: the tight loop.  Each instruction is executed, posted and reconciled before the next.

A block with a gas operation is one transaction: the fills of all its legs are worked out and checked first, and
posted only when the whole of it would go through.
"""

from __future__ import annotations

from engine.errors import BasisError
from engine.event_logger import EventLogger
from engine.execution_interface_manager import ExecutionInterfaceManager
from engine.instructions import Block, Decision
from engine.ledger import DUST, Ledger
from engine.market import FloatArray, iso_hour
from engine.position_update_handler import PositionUpdateHandler
from engine.reconciliation import Reconciliation
from engine.venues.base import Fill
from engine.venues.ethereum import GasStation, gas_operation


class ExecutionManager:
    def __init__(
        self,
        ledger: Ledger,
        events: EventLogger,
        venues: ExecutionInterfaceManager,
        updates: PositionUpdateHandler,
        reconciliation: Reconciliation,
        gas: GasStation,
        hours: list[int],
    ) -> None:
        self._ledger = ledger
        self._events = events
        self._venues = venues
        self._updates = updates
        self._reconciliation = reconciliation
        self._gas = gas
        self._hours = hours
        self._bundles = 0

    def execute(self, decision: Decision, hour: int, attribution: FloatArray) -> None:
        """Carry out a decision, block by block.  Errors: whatever a venue, the ledger or reconciliation refuses."""
        self._events.record(
            self._hours[hour],
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
            if block.gas_operation is None:
                self._sequence(block, hour, attribution)
            else:
                self._bundle(block, block.gas_operation, hour, attribution)

    def _sequence(self, block: Block, hour: int, attribution: FloatArray) -> None:
        """One instruction after the other, each paying its own gas."""
        for instruction in block.instructions:
            before = list(self._ledger.quantities)
            self._updates.apply(self._venues.execute(instruction, hour), hour, attribution, reason=block.name)
            self._reconciliation.check(instruction, before, self._hours[hour], hour)
            operation = gas_operation(instruction)
            if operation is not None:
                self._updates.apply((self._gas.pay(operation, hour),), hour, attribution, reason=block.name)

    def _bundle(self, block: Block, operation: str, hour: int, attribution: FloatArray) -> None:
        """All legs or none, under one bundle id, with one payment of gas."""
        fills = [self._venues.execute(instruction, hour) for instruction in block.instructions]
        self._refuse_unaffordable(block, [fill for leg in fills for fill in leg], hour)
        self._bundles += 1
        bundle = f"{iso_hour(self._hours[hour])}/{self._bundles}"
        self._events.record(
            self._hours[hour], "bundle_started", "engine", bundle_id=bundle, reason=block.name,
            details={"legs": len(fills)},
        )  # fmt: skip
        for leg, (instruction, filled) in enumerate(zip(block.instructions, fills, strict=True), start=1):
            before = list(self._ledger.quantities)
            self._updates.apply(filled, hour, attribution, reason=block.name, bundle_id=bundle, leg=leg)
            self._reconciliation.check(instruction, before, self._hours[hour], hour)
        self._updates.apply((self._gas.pay(operation, hour),), hour, attribution, block.name, bundle_id=bundle)
        self._events.record(self._hours[hour], "bundle_finished", "engine", bundle_id=bundle, reason=block.name)

    def _refuse_unaffordable(self, block: Block, fills: list[Fill], hour: int) -> None:
        """Play the fills through without posting.  Errors: EXE-003 naming the leg that cannot be carried out."""
        balances = dict(zip(self._ledger.keys, self._ledger.quantities, strict=True))
        for number, fill in enumerate(fills, start=1):
            for key, delta in fill.postings:
                scale = max(abs(balances[key]), abs(delta))
                balances[key] += delta
                if balances[key] < -max(DUST, 1e-9) * scale and not self._ledger.may_overdraw(key):
                    raise BasisError(
                        "EXE-003",
                        f"{block.name!r} at {iso_hour(self._hours[hour])} reverts at leg {number}, {fill.event_type}",
                        expected=f"enough {key}",
                        found=f"{balances[key]!r} after the leg",
                    )
        self._venues.check(block, balances, hour)
