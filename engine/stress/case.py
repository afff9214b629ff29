"""A case: everything one run of a stress test needs, and how a scenario changes it without touching the original."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from engine.config import CashFlowConfig, RunConfig, VenueConfig
from engine.config.venue import Parameter
from engine.market import FloatArray, MarketPanel


@dataclass(frozen=True, slots=True)
class Case:
    """A run and its market.

    ``worth`` (n,): what one unit of the share class's currency is worth at each hour, in the unit results are told
    in; 1 throughout but for a depeg of the currency itself.
    """

    run: RunConfig
    panel: MarketPanel
    worth: FloatArray

    @classmethod
    def of(cls, run: RunConfig, panel: MarketPanel) -> Case:
        return cls(run, panel, np.ones(len(panel)))

    def closed_at_end(self) -> Case:
        """Every position is left at the last hour."""
        return self._with_run(close_at_end=True)

    def with_flow(self, hour: int, amount: float) -> Case:
        """One more deposit or withdrawal, at an hour index, in the share-class currency."""
        at = datetime.fromtimestamp(int(self.panel.hours[hour]), UTC)
        return self._with_run(cash_flows=(*self.run.cash_flows, CashFlowConfig(at=at, amount=amount)))

    def with_parameter(self, venue: str, key: str, hour: int, value: float) -> Case:
        """A venue's parameter from the day of an hour index on, whatever rows follow.  Errors: CFG-006, no such key."""
        config = self.run.venues[venue]
        known = config.parameter_row(key, int(self.panel.hours[hour]))
        day = datetime.fromtimestamp(int(self.panel.hours[hour]), UTC).date()
        kept = [row for row in config.parameters if row.key != key or row.effective_from < day]
        row = Parameter(key=key, effective_from=day, value=value, unit=known.unit, source="stress scenario")
        changed = VenueConfig(**{**dict(config), "parameters": (*kept, row)})
        return self._with_run(venues={**self.run.venues, venue: changed})

    def _with_run(self, **changes: Any) -> Case:
        return replace(self, run=RunConfig(**{**dict(self.run), "venues": dict(self.run.venues), **changes}))
