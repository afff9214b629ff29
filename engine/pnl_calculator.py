"""P&L calculator: two independent sides that must meet (mechanics §4).

Balance side: ``ΔNAV − net flows``, from what is held after the hour's trades.  Attribution side: from
what was held over the hour and what happened at its end.  It reads the ledger and the market only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import BasisError
from engine.ledger import Ledger
from engine.market import FloatArray
from engine.position_monitor import Positions, Settlement
from engine.valuation import COMPONENT_INDEX, UnitValue


class PnlCalculator:
    def __init__(self, ledger: Ledger, unit_values: Sequence[UnitValue], numeraire: FloatArray) -> None:
        self._ledger = ledger
        self._numeraire = numeraire
        self._units = np.array([unit_value.unit for unit_value in unit_values])
        self._steps = tuple(
            (position, COMPONENT_INDEX[component], steps)
            for position, unit_value in enumerate(unit_values)
            for component, steps in unit_value.steps.items()
        )

    def value(self, positions: Positions) -> tuple[FloatArray, FloatArray]:
        """Value of each position (accounts, hours), and NAV (hours,), over the stretch, in ``N``.

        A perpetual is worth its unrealised P&L at the mark; every other account's entry price is zero.
        """
        hours = positions.hours
        entries = np.array(self._ledger.entries)[:, np.newaxis]
        values = positions.quantities * (self._units[:, hours] - entries / self._numeraire[hours])
        nav = np.zeros(len(values[0]))
        for worth in values:  # one after the other: a sum over the axis would add pairwise when there is one hour
            nav += worth
        return values, nav

    def attribute_market(self, attribution: FloatArray, held: Sequence[float], start: int, stop: int) -> None:
        """Add to ``attribution`` (components, n) what the market did to ``held`` over ``[start, stop)``."""
        for position, component, steps in self._steps:
            quantity = held[position]
            if quantity != 0.0:
                attribution[component, start:stop] += quantity * steps[start:stop]

    def attribute_funding(self, attribution: FloatArray, settlement: Settlement, amount: float) -> None:
        """Add one funding payment of ``amount`` USDT at its hour."""
        hour = settlement.hour
        attribution[COMPONENT_INDEX["funding_pnl"], hour] += amount / self._numeraire[hour]

    def refuse_undeclared(self, attribution: FloatArray, declared: Sequence[str]) -> None:
        """Errors: PNL-001 when the mode earned or lost by a component its configuration does not declare."""
        undeclared = [name for name, row in COMPONENT_INDEX.items() if name not in declared and attribution[row].any()]
        if undeclared:
            raise BasisError(
                "PNL-001",
                f"P&L arose in {', '.join(undeclared)}",
                expected=", ".join(declared),
                looked_in="component_config.pnl_calculator.components",
                found=", ".join(undeclared),
            )

    @staticmethod
    def attribute_cost(attribution: FloatArray, component: str, hour: int, value: float) -> None:
        """Book a value lost in execution (positive ``value``, in ``N``) as a negative component."""
        attribution[COMPONENT_INDEX[component], hour] -= value
