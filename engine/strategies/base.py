"""What a strategy sees and what it answers.

A strategy looks at a snapshot of a stretch of hours.  ``triggers`` says at which of them it would want to act
if nothing were done before; ``decide`` is asked at one hour only.  Both read the same snapshot type, so a stretch
of length one and a stretch of many give the same answer for an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from engine.errors import BasisError
from engine.exposure_monitor import Exposure
from engine.instructions import Decision
from engine.market import BoolArray, FloatArray
from engine.position_monitor import Positions
from engine.risk_monitor import Risk

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Positions and everything derived from them over the hours ``[start, stop)``; money in ``N``."""

    positions: Positions
    values: Sequence[FloatArray]
    nav: FloatArray
    exposures: Mapping[str, Exposure]
    risk: Risk

    @property
    def start(self) -> int:
        return self.positions.start

    @property
    def stop(self) -> int:
        return self.positions.stop

    def worst_risk(self) -> FloatArray:
        """(hours,) the worst state of any metric, 0 ok, 1 warning, 2 critical."""
        worst = np.zeros(self.stop - self.start)
        for states in self.risk.states:
            np.maximum(worst, states, out=worst)
        return worst


def required(value: Value | None, field: str) -> Value:
    """A mode field the strategy cannot do without.  Errors: CFG-003 when the mode does not have it."""
    if value is None:
        raise BasisError("CFG-003", f"the strategy needs {field}", expected=f"a value for {field}", found="none")
    return value


class Strategy(Protocol):
    """One mode family, built from its run, ledger and panel."""

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        """(hours,) True where the strategy would want to act."""
        ...

    def decide(self, snapshot: Snapshot) -> Decision | None:
        """The action at the one hour of ``snapshot``, or None to hold."""
        ...
