"""Position monitor: what is held at each hour of a stretch, derived from the ledger and never stored twice.

Between two decisions stored quantities do not change, but for cash that funding settles into.  A stretch of hours
is one matrix, accounts by hours, so that the monitors look at every account at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.ledger import Ledger
from engine.market import FloatArray, MarketPanel
from engine.maths.perps import funding_payment
from engine.positions import PositionKey, PositionType, base_token


@dataclass(frozen=True, slots=True)
class Settlement:
    """One funding payment that falls due: ``hour`` is an index into the panel, ``*_index`` into the ledger."""

    hour: int
    perp: PositionKey
    cash: PositionKey
    perp_index: int
    cash_index: int
    mark: float
    rate: float


@dataclass(frozen=True, slots=True)
class Positions:
    """Holdings over the hours ``[start, stop)``: ``quantities`` (accounts, hours), stored units."""

    start: int
    stop: int
    quantities: FloatArray

    @property
    def hours(self) -> slice:
        return slice(self.start, self.stop)


class FundingSchedule:
    """Every settlement of the window in time order, then in account order."""

    def __init__(self, ledger: Ledger, panel: MarketPanel) -> None:
        due: list[Settlement] = []
        for key in ledger.keys:
            if key.type is not PositionType.PERP:
                continue
            series = f"{key.venue}:{key.symbol}"
            rates, marks = panel.funding[series], panel.perp[series]
            perp_index, cash_index = ledger.position(key), ledger.position(base_token(key.venue, "USDT"))
            cash = ledger.keys[cash_index]
            due.extend(
                Settlement(hour, key, cash, perp_index, cash_index, float(marks[hour]), float(rates[hour]))
                for hour in np.flatnonzero(~np.isnan(rates)).tolist()
            )
        self._due = sorted(due, key=lambda settlement: settlement.hour)
        self._hours = np.array([settlement.hour for settlement in self._due], dtype=np.int64)

    def between(self, start: int, stop: int) -> list[Settlement]:
        """Settlements at the hours ``[start, stop)``."""
        first, last = self._hours.searchsorted((start, stop))
        return self._due[first:last]


class PositionMonitor:
    def __init__(self, ledger: Ledger, panel: MarketPanel) -> None:
        self._ledger = ledger
        self.schedule = FundingSchedule(ledger, panel)

    def now(self, hour: int) -> Positions:
        """Holdings at ``hour`` as the ledger shows them."""
        return Positions(hour, hour + 1, np.array(self._ledger.quantities)[:, np.newaxis])

    def over(self, start: int, stop: int) -> Positions:
        """Holdings over ``[start, stop)`` if nothing but the scheduled settlements happens.

        Payments are added one after another, exactly as posting them will.
        """
        held, length = self._ledger.quantities, stop - start
        balances: dict[int, list[float]] = {}
        changes: dict[int, list[int]] = {}
        for due in self.schedule.between(start, stop):
            size = held[due.perp_index]
            if size != 0.0:
                path = balances.setdefault(due.cash_index, [held[due.cash_index]])
                path.append(path[-1] + funding_payment(size, due.mark, due.rate))
                changes.setdefault(due.cash_index, [0]).append(due.hour - start)
        quantities = np.empty((len(held), length))
        quantities[:] = np.array(held)[:, np.newaxis]
        for account, path in balances.items():
            lasting = [later - earlier for earlier, later in pairwise((*changes[account], length))]
            quantities[account] = np.repeat(path, lasting)
        return Positions(start, stop, quantities)
