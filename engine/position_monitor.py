"""Position monitor: what is held at each hour of a stretch, derived from the ledger and never stored twice.

Between two decisions stored quantities do not change, but for cash that funding settles into.  A stretch
of hours is therefore one scalar a position and one array for each cash account with settlements due.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.ledger import Ledger
from engine.market import FloatArray, MarketPanel
from engine.maths.perps import funding_payment
from engine.positions import PositionKey, PositionType, base_token

Quantity = float | FloatArray


@dataclass(frozen=True, slots=True)
class Settlement:
    """One funding payment that falls due: ``hour`` is an index into the panel."""

    hour: int
    perp: PositionKey
    cash: PositionKey
    mark: float
    rate: float


@dataclass(frozen=True, slots=True)
class Positions:
    """Holdings over the hours ``[start, stop)``: ``quantities[i]`` is a float or an array of that length."""

    start: int
    stop: int
    quantities: tuple[Quantity, ...]


class FundingSchedule:
    """Every settlement of the window in time order, then in account order."""

    def __init__(self, ledger: Ledger, panel: MarketPanel) -> None:
        due: list[Settlement] = []
        for key in ledger.keys:
            if key.type is not PositionType.PERP:
                continue
            series = f"{key.venue}:{key.symbol}"
            rates, marks = panel.funding[series], panel.perp[series]
            cash = base_token(key.venue, "USDT")
            due.extend(
                Settlement(hour, key, cash, float(marks[hour]), float(rates[hour]))
                for hour in np.flatnonzero(~np.isnan(rates)).tolist()
            )
        self._due = sorted(due, key=lambda settlement: settlement.hour)
        self._hours = np.array([settlement.hour for settlement in self._due], dtype=np.int64)

    def between(self, start: int, stop: int) -> list[Settlement]:
        """Settlements at the hours ``[start, stop)``."""
        first, last = np.searchsorted(self._hours, (start, stop))
        return self._due[first:last]


class PositionMonitor:
    def __init__(self, ledger: Ledger, panel: MarketPanel) -> None:
        self._ledger = ledger
        self.schedule = FundingSchedule(ledger, panel)

    def now(self, hour: int) -> Positions:
        """Holdings at ``hour`` as the ledger shows them."""
        return Positions(hour, hour + 1, tuple(self._ledger.quantities))

    def over(self, start: int, stop: int) -> Positions:
        """Holdings over ``[start, stop)`` if nothing but the scheduled settlements happens.

        Payments are added one after another, exactly as posting them will.
        """
        quantities: list[Quantity] = list(self._ledger.quantities)
        payments: dict[int, list[tuple[int, float]]] = {}
        for due in self.schedule.between(start, stop):
            size = self._ledger.quantity(due.perp)
            if size != 0.0:
                account = self._ledger.position(due.cash)
                amount = funding_payment(size, due.mark, due.rate)
                payments.setdefault(account, []).append((due.hour - start, amount))
        for account, due_amounts in payments.items():
            balance = self._ledger.quantities[account]
            path = np.full(stop - start, balance)
            for offset, amount in due_amounts:
                balance += amount
                path[offset:] = balance
            quantities[account] = path
        return Positions(start, stop, tuple(quantities))
