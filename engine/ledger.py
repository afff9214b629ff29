"""The ledger: every balance, changed in exactly one function.

A balance is the sum of its postings, nothing else changes one, and postings are never altered.
Perpetuals keep their average entry beside the size; it moves only together with a posting.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import BasisError
from engine.positions import PositionKey, PositionType

DUST = 1e-12
"""Share of its largest value below which what is left of a balance is floating-point noise, and is taken to zero."""


class Postings:
    """The postings of a run in columns: seq, leg, position key, ts, delta, balance after."""

    __slots__ = ("balance_after", "delta", "leg", "position_key", "seq", "ts")

    def __init__(self) -> None:
        self.seq: list[int] = []
        self.leg: list[int] = []
        self.position_key: list[str] = []
        self.ts: list[int] = []
        self.delta: list[float] = []
        self.balance_after: list[float] = []

    def __len__(self) -> int:
        return len(self.seq)


class Ledger:
    """Accounts opened at construction, in a fixed order; ``quantities[i]`` belongs to ``keys[i]``."""

    def __init__(self, keys: Iterable[PositionKey], overdraft: Iterable[PositionKey] = ()) -> None:
        self.keys = tuple(keys)
        self.index = {key: position for position, key in enumerate(self.keys)}
        self.quantities = [0.0] * len(self.keys)
        self.entries = [0.0] * len(self.keys)
        self.postings = Postings()
        self._names = tuple(str(key) for key in self.keys)
        allowed = set(overdraft)
        self._signed = tuple(key.type is PositionType.PERP or key in allowed for key in self.keys)
        self._largest = [0.0] * len(self.keys)

    def quantity(self, key: PositionKey) -> float:
        return self.quantities[self.position(key)]

    def entry(self, key: PositionKey) -> float:
        """Average entry price of a perpetual, USDT; 0 without a position."""
        return self.entries[self.position(key)]

    def position(self, key: PositionKey) -> int:
        """Index of an account.  Errors: POS-002 for a key the run has not opened."""
        try:
            return self.index[key]
        except KeyError:
            raise BasisError(
                "POS-002", f"the run has no account {key}", expected="one of " + ", ".join(self._names), found=str(key)
            ) from None

    def may_overdraw(self, key: PositionKey) -> bool:
        """May the account fall below zero: a perpetual, margin cash, gas debt?"""
        return self._signed[self.position(key)]

    def post(self, seq: int, leg: int, ts: int, key: PositionKey, delta: float, entry: float | None = None) -> float:
        """Change one balance by ``delta`` (stored units) as part of event ``seq``; returns the new balance.

        ``entry`` is a perpetual's new average entry price.  Errors: POS-001 when an account that may
        not be overdrawn would be; nothing is posted then.
        """
        position = self.position(key)
        after = self.quantities[position] + delta
        largest = self._largest[position]
        if after < 0.0 and not self._signed[position]:
            if after < -DUST * largest:
                raise BasisError(
                    "POS-001",
                    f"{key} would fall to {after!r}",
                    expected="a balance of zero or more",
                    found=f"balance {self.quantities[position]!r}, change {delta!r}",
                    context={"seq": seq, "position_key": str(key)},
                )
            delta, after = -self.quantities[position], 0.0
        elif abs(after) < DUST * largest:
            delta, after = -self.quantities[position], 0.0
        elif abs(after) > largest:
            self._largest[position] = abs(after)
        self.quantities[position] = after
        if entry is not None:
            self.entries[position] = entry
        postings = self.postings
        postings.seq.append(seq)
        postings.leg.append(leg)
        postings.position_key.append(self._names[position])
        postings.ts.append(ts)
        postings.delta.append(delta)
        postings.balance_after.append(after)
        return after
