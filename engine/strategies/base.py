"""What a strategy sees, what it may use, and what it answers.

A strategy looks at a snapshot of a stretch of hours.  ``triggers`` says at which of them it would want to act
if nothing were done before; ``decide`` is asked at one hour only.  Both read the same snapshot type, so a stretch
of length one and a stretch of many give the same answer for an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from engine.agenda import Agenda
from engine.config import RunConfig
from engine.errors import BasisError
from engine.exposure_monitor import Exposure
from engine.instructions import Decision
from engine.ledger import Ledger
from engine.market import BoolArray, FloatArray, MarketPanel
from engine.position_monitor import Positions
from engine.risk_monitor import Risk, RiskMonitor
from engine.treasury import Treasury
from engine.valuation import Valuer
from engine.venues.dex import SimulatedDex
from engine.venues.ethereum import GasStation
from engine.venues.flash_loan import SimulatedFlashLoans
from engine.venues.staking import SimulatedStaking
from engine.venues.transfer import SimulatedTransfers

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Positions and everything derived from them over the hours ``[start, stop)``; money in ``N``.

    ``values`` (accounts, hours), ``nav`` (hours,).
    """

    positions: Positions
    values: FloatArray
    nav: FloatArray
    exposures: Mapping[str, Exposure]
    risk: Risk

    @property
    def start(self) -> int:
        return self.positions.start

    @property
    def stop(self) -> int:
        return self.positions.stop

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class StrategyContext:
    """What a strategy may read to plan: its run, the ledger, the market, and what venues would charge."""

    run: RunConfig
    ledger: Ledger
    panel: MarketPanel
    valuer: Valuer
    risk: RiskMonitor
    treasury: Treasury
    agenda: Agenda
    gas: GasStation
    dex: SimulatedDex
    flash_loans: Mapping[str, SimulatedFlashLoans]
    staking: Mapping[str, SimulatedStaking]
    transfers: SimulatedTransfers

    def at_risk(self, snapshot: Snapshot) -> BoolArray:
        """(hours,) True where a measure that asks for action is past its warning level."""
        worst = np.zeros(len(snapshot), dtype=np.bool_)
        for metric, states in zip(self.risk.metrics, snapshot.risk.states, strict=True):
            if metric.acts:
                worst |= states > 0
        return worst


def required(value: Value | None, field: str) -> Value:
    """A mode field the strategy cannot do without.  Errors: CFG-003 when the mode does not have it."""
    if value is None:
        raise BasisError("CFG-003", f"the strategy needs {field}", expected=f"a value for {field}", found="none")
    return value


class Strategy(Protocol):
    """One mode family, built from a context."""

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        """(hours,) True where the strategy would want to act."""
        ...

    def decide(self, snapshot: Snapshot) -> Decision | None:
        """The action at the one hour of ``snapshot``, or None to hold."""
        ...

    def stand_down(self) -> None:
        """Leave every position at the next step and stay out."""
        ...
