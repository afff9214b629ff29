"""What every venue gives back: fills, ready to post.

A venue is a state machine (position, market, instruction) → fills.  It never touches a balance; the position
update handler posts what it returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.positions import PositionKey


@dataclass(frozen=True, slots=True)
class Fill:
    """One thing that happened at a venue.

    ``postings`` are balance changes in stored units; ``costs`` the value lost by kind of cost, positive, in
    ``currency`` (USDT or ETH); ``entry`` a perpetual's new average entry price.
    """

    event_type: str
    venue: str
    token: str
    amount: float
    price: float
    postings: tuple[tuple[PositionKey, float], ...]
    costs: Mapping[str, float] = field(default_factory=dict)
    currency: str = "USDT"
    entry: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class Venue(Protocol):
    """One venue as the execution interface manager sees it; ``hour`` is an index into the panel."""

    def execute(self, instruction: Any, hour: int) -> tuple[Fill, ...]:
        """Carry out one instruction.  Errors: EXE-001 when the venue refuses it."""
        ...
