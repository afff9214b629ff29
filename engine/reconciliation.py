"""Reconciliation: after every instruction, what the ledger shows must be what the instruction meant (ADR-001)."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import BasisError
from engine.event_logger import EventLogger
from engine.instructions import Instruction
from engine.ledger import Ledger
from engine.market import iso_hour
from engine.valuation import UnitValue


class Reconciliation:
    """Compares in token units: a scaled balance counts as the tokens it stands for at the hour."""

    def __init__(self, ledger: Ledger, unit_values: Sequence[UnitValue], events: EventLogger, tolerance: float) -> None:
        self._ledger = ledger
        self._unit_values = unit_values
        self._events = events
        self._tolerance = tolerance

    def check(self, instruction: Instruction, before: Sequence[float], ts: int, hour: int) -> None:
        """Record a reconciliation event.  Errors: REC-001 when a difference exceeds the relative tolerance."""
        compared = []
        for expectation in instruction.expectations():
            position = self._ledger.position(expectation.key)
            units = float(self._unit_values[position].tokens[hour])
            observed = (self._ledger.quantities[position] - before[position]) * units
            scale = max(abs(expectation.delta), abs(before[position] * units), 1.0)
            if abs(observed - expectation.delta) > self._tolerance * scale:
                raise BasisError(
                    "REC-001",
                    f"{expectation.key} at {iso_hour(ts)} after {type(instruction).__name__}",
                    expected=f"a change of {expectation.delta!r} within {self._tolerance:g} relative",
                    found=f"a change of {observed!r}",
                    context={"position_key": str(expectation.key), "hour": iso_hour(ts)},
                )
            compared.append({"position_key": str(expectation.key), "expected": expectation.delta, "observed": observed})
        self._events.record(
            ts,
            "reconciliation",
            instruction.venue,
            status="matched",
            details={"instruction": type(instruction).__name__, "compared": compared},
        )
