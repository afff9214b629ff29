"""Risk monitor: margin per venue and delta, against warning and critical levels, hour by hour.

``margin_ratio`` of a venue account is (USDT + unrealised P&L) / Σ|notional|; ``maintenance_ratio`` is the
same equity over the tiered maintenance margin, and a venue liquidates when it falls below 1; ``delta`` is
|net delta| of the mode's asset over NAV.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.config import RunConfig, VenueConfig
from engine.errors import BasisError
from engine.exposure_monitor import Exposure
from engine.ledger import Ledger
from engine.market import HOUR, FloatArray, MarketPanel
from engine.maths.perps import MarginTiers, margin_ratio, unrealised_pnl
from engine.position_monitor import Positions
from engine.positions import PositionType, base_token


class RiskState(IntEnum):
    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Metric:
    """One watched measure.  ``floor`` metrics are bad when low (margin), the others when high (delta)."""

    name: str
    venue: str | None
    warning: float | None
    critical: float | None
    floor: bool

    def states(self, values: FloatArray) -> NDArray[np.int8]:
        """0 ok, 1 warning, 2 critical for each value."""
        result = np.zeros(len(values), dtype=np.int8)
        for level in (self.warning, self.critical):
            if level is not None:
                result += (values < level) if self.floor else (values > level)
        return result


@dataclass(frozen=True, slots=True)
class VenueAccount:
    """Margin account of one exchange over a stretch, USDT, (hours,)."""

    equity: FloatArray
    notional: FloatArray
    maintenance: FloatArray


@dataclass(frozen=True, slots=True)
class Risk:
    """``values[i]`` and ``states[i]`` belong to ``RiskMonitor.metrics[i]``; accounts by venue."""

    values: tuple[FloatArray, ...]
    states: tuple[NDArray[np.int8], ...]
    accounts: Mapping[str, VenueAccount]


@dataclass(frozen=True, slots=True)
class _Contract:
    position: int
    mark: FloatArray
    tiers: tuple[tuple[int, MarginTiers], ...]
    """(first hour index, tiers), newest last."""

    def maintenance(self, notional: FloatArray, start: int, stop: int) -> FloatArray:
        result = np.zeros(stop - start)
        for first, tiers in self.tiers:
            offset = max(first - start, 0)
            if first < stop:
                result[offset:] = tiers.maintenance_margin(notional[offset:])
        return result


def contract_tiers(venue: VenueConfig, symbol: str, panel: MarketPanel) -> tuple[tuple[int, MarginTiers], ...]:
    """Margin tiers of a perpetual over the window: (first hour index, tiers), oldest first.

    Errors: CFG-006 when none are in force at the first hour.
    """
    opening = venue.margin_schedule(symbol, int(panel.hours[0]))
    pieces = []
    for schedule in sorted((venue.margin_tiers or {})[symbol], key=lambda item: item.effective_from):
        if schedule.effective_from < opening.effective_from:
            continue
        start = datetime.combine(schedule.effective_from, time(), UTC).timestamp()
        tiers = MarginTiers(
            np.array([tier.notional_floor for tier in schedule.tiers]),
            np.array([tier.maintenance_margin_rate for tier in schedule.tiers]),
            np.array(schedule.deductions()),
        )
        pieces.append((max(0, int((start - int(panel.hours[0])) // HOUR)), tiers))
    return tuple(pieces)


class RiskMonitor:
    """Built from a run's configuration; venues are the exchanges on which the run holds perpetuals."""

    def __init__(self, run: RunConfig, ledger: Ledger, panel: MarketPanel) -> None:
        self._ledger = ledger
        self._asset = run.mode.asset
        self._cash: dict[str, int] = {}
        self._contracts: dict[str, list[_Contract]] = {}
        self.metrics: list[Metric] = []
        for position, key in enumerate(ledger.keys):
            if key.type is PositionType.PERP:
                tiers = contract_tiers(run.venues[key.venue], key.symbol, panel)
                contract = _Contract(position, panel.perp[f"{key.venue}:{key.symbol}"], tiers)
                self._contracts.setdefault(key.venue, []).append(contract)
                self._cash[key.venue] = ledger.position(base_token(key.venue, "USDT"))
        for venue in self._contracts:
            levels = run.mode.margin_thresholds or run.venues[venue].margin_thresholds
            if levels is None:
                raise BasisError(
                    "CFG-003",
                    f"{venue} carries perpetuals without margin thresholds",
                    expected="margin_thresholds in the venue or the mode file",
                    found="neither",
                )
            self.metrics.append(Metric("margin_ratio", venue, levels.warning, levels.critical, floor=True))
            self.metrics.append(Metric("maintenance_ratio", venue, None, 1.0, floor=True))
        if self._contracts:
            self.metrics.append(Metric("delta", None, run.mode.delta_tolerance, None, floor=False))

    def assess(self, positions: Positions, nav: FloatArray, exposures: Mapping[str, Exposure]) -> Risk:
        """Every metric over the stretch of ``positions``, with its state."""
        values: list[FloatArray] = []
        accounts = {}
        for venue, contracts in self._contracts.items():
            account = self._account(positions, contracts, self._cash[venue])
            accounts[venue] = account
            values.append(margin_ratio(account.equity, account.notional))
            values.append(margin_ratio(account.equity, account.maintenance))
        if self._contracts:
            values.append(np.abs(exposures[self._asset].net_delta_value) / nav)
        states = tuple(metric.states(value) for metric, value in zip(self.metrics, values, strict=True))
        return Risk(tuple(values), states, accounts)

    def _account(self, positions: Positions, contracts: Sequence[_Contract], cash: int) -> VenueAccount:
        hours = slice(positions.start, positions.stop)
        equity = positions.quantities[cash] + np.zeros(positions.stop - positions.start)
        notional = np.zeros_like(equity)
        maintenance = np.zeros_like(equity)
        for contract in contracts:
            size = self._ledger.quantities[contract.position]
            mark = contract.mark[hours]
            equity += unrealised_pnl(size, mark, self._ledger.entries[contract.position])
            held = np.abs(size) * mark
            notional += held
            maintenance += contract.maintenance(held, positions.start, positions.stop)
        return VenueAccount(equity, notional, maintenance)
