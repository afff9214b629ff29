"""Position update handler: turns a venue's fills into events and postings, and books what they cost."""

from __future__ import annotations

from collections.abc import Iterable

from engine.event_logger import EventLogger
from engine.market import FloatArray
from engine.pnl_calculator import PnlCalculator
from engine.valuation import Valuer
from engine.venues.base import Fill


class PositionUpdateHandler:
    """``hours`` (n,) epoch seconds; costs are valued in ``N`` at the hour they arise."""

    def __init__(self, events: EventLogger, pnl: PnlCalculator, valuer: Valuer, hours: list[int]) -> None:
        self._events = events
        self._pnl = pnl
        self._valuer = valuer
        self._hours = hours

    def apply(
        self,
        fills: Iterable[Fill],
        hour: int,
        attribution: FloatArray,
        reason: str | None = None,
        bundle_id: str | None = None,
        leg: int = 0,
    ) -> None:
        """Post ``fills`` in order and add their costs to ``attribution`` (components, n)."""
        for fill in fills:
            total = 0.0
            for component, cost in fill.costs.items():
                value = cost * self._price(fill.currency, hour)
                self._pnl.attribute_cost(attribution, component, hour, value)
                total += value
            self._events.record(
                self._hours[hour],
                fill.event_type,
                fill.venue,
                fill.token,
                fill.amount,
                fill.price,
                postings=fill.postings,
                entry=fill.entry,
                reason=reason,
                bundle_id=bundle_id,
                leg=leg,
                cost_total=total,
                details={**fill.details, **{f"cost_{kind}": cost for kind, cost in fill.costs.items()}},
            )

    def _price(self, currency: str, hour: int) -> float:
        """Value of one unit of a cost's currency in ``N``."""
        return float(self._valuer.token_price("wallet", currency)[hour] / self._valuer.numeraire[hour])
