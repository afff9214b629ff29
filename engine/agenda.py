"""Agenda: what is known to fall due at a later hour because of something done before.

Finished unstaking, transfers in flight, reward payouts and scheduled cash flows wait here; at their hour the engine
runs the full step and settles them first.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass

from engine.market import RewardDistribution


@dataclass(frozen=True, slots=True)
class UnstakeClaim:
    """``eth`` that the issuer of ``lst`` owes."""

    lst: str
    eth: float


@dataclass(frozen=True, slots=True)
class RewardPayout:
    """A distribution that is paid out."""

    distribution: RewardDistribution


@dataclass(frozen=True, slots=True)
class CashFlow:
    """A deposit (> 0) or a withdrawal request (< 0) in the share-class currency."""

    amount: float


@dataclass(frozen=True, slots=True)
class TransferArrival:
    """``amount`` of ``token`` that reaches the account at ``target``."""

    target: str
    token: str
    amount: float


Due = UnstakeClaim | RewardPayout | CashFlow | TransferArrival


class Agenda:
    """Entries by hour index, in the order they were added."""

    def __init__(self) -> None:
        self._hours: list[int] = []
        self._entries: dict[int, list[Due]] = {}

    def add(self, hour: int, due: Due) -> None:
        if hour not in self._entries:
            insort(self._hours, hour)
            self._entries[hour] = []
        self._entries[hour].append(due)

    def next_hour(self, start: int) -> int | None:
        """The first hour at or after ``start`` with something due."""
        position = bisect_left(self._hours, start)
        return self._hours[position] if position < len(self._hours) else None

    def at(self, hour: int) -> list[Due]:
        return self._entries.get(hour, [])

    def incoming(self, hour: int, target: str, token: str) -> float:
        """What is on its way to an account after ``hour``."""
        return sum(
            due.amount
            for later in self._hours[bisect_left(self._hours, hour + 1) :]
            for due in self._entries[later]
            if isinstance(due, TransferArrival) and (due.target, due.token) == (target, token)
        )
