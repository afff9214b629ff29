"""Gauges of the risk monitor: each reads one kind of risk off a stretch of hours.

``margin_ratio`` of a venue account is (USDT + unrealised P&L) / Σ|notional|; ``maintenance_ratio`` is the
same equity over the tiered maintenance margin, and a venue liquidates when it falls below 1.  ``ltv`` is debt over
collateral and ``health_factor`` collateral · LT / debt, both at Aave's oracle rate; Aave liquidates below 1.
``peg`` is the LST's market rate over its oracle rate.  ``delta`` is |net delta| of the mode's asset over NAV.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.config import VenueConfig
from engine.config.base import Thresholds
from engine.exposure_monitor import Exposure
from engine.ledger import Ledger
from engine.market import HOUR, FloatArray, MarketPanel
from engine.maths.perps import MarginTiers, margin_ratio, unrealised_pnl
from engine.position_monitor import Positions
from engine.positions import PositionKey, a_token, base_token, debt_token


@dataclass(frozen=True, slots=True)
class Metric:
    """One watched measure.  ``floor`` metrics are bad when low (margin), the others when high (delta).

    ``acts``: does passing a level ask the strategy to act?  A peg does not; it is reported.
    """

    name: str
    venue: str | None
    warning: float | None
    critical: float | None
    floor: bool
    acts: bool = True


class Levels:
    """Warning and critical levels of many metrics, compared at once.

    A ceiling is a floor of the negated measure, and a level that is not set lies below everything.
    """

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._sign = np.array([1.0 if metric.floor else -1.0 for metric in metrics]).reshape(-1, 1)
        self._warning = self._floors([metric.warning for metric in metrics])
        self._critical = self._floors([metric.critical for metric in metrics])

    def states(self, values: FloatArray) -> NDArray[np.int8]:
        """(metrics, hours) 0 ok, 1 warning, 2 critical."""
        signed = self._sign * values
        states: NDArray[np.int8] = (signed < self._warning).astype(np.int8) + (signed < self._critical)
        return states

    def _floors(self, levels: Sequence[float | None]) -> FloatArray:
        given = np.array([np.nan if level is None else level for level in levels]).reshape(-1, 1)
        return np.where(np.isnan(given), -np.inf, self._sign * given)


@dataclass(frozen=True, slots=True)
class View:
    """What a gauge may read of a stretch.

    Holdings, NAV (hours,) in ``N``, exposures by asset, and ``equity`` (margin accounts, hours) in USDT.
    """

    positions: Positions
    nav: FloatArray
    exposures: Mapping[str, Exposure]
    equity: FloatArray

    @property
    def hours(self) -> slice:
        return self.positions.hours


class Gauge(Protocol):
    """``metrics`` name what ``read`` returns: one row of (hours,) each, in that order."""

    @property
    def metrics(self) -> tuple[Metric, ...]: ...

    def read(self, view: View) -> FloatArray | tuple[FloatArray, ...]: ...


@dataclass(frozen=True, slots=True)
class MarginAccount:
    """One exchange account that carries perpetuals."""

    venue: VenueConfig
    perps: Sequence[PositionKey]
    levels: Thresholds

    @property
    def metrics(self) -> tuple[Metric, Metric]:
        return (
            Metric("margin_ratio", self.venue.venue, self.levels.warning, self.levels.critical, floor=True),
            Metric("maintenance_ratio", self.venue.venue, None, 1.0, floor=True),
        )


@dataclass(frozen=True, slots=True)
class Contract:
    """A perpetual of the margin account in row ``account``; ``tiers`` are (first hour index, tiers), oldest first."""

    account: int
    position: int
    mark: FloatArray
    tiers: tuple[tuple[int, MarginTiers], ...]

    def maintenance(self, notional: FloatArray, start: int, stop: int) -> FloatArray:
        """(hours,) USDT, by the tiers in force at each hour of ``[start, stop)``."""
        result = np.zeros(stop - start)
        for first, tiers in self.tiers:
            if first < stop:
                offset = max(first - start, 0)
                result[offset:] = tiers.maintenance_margin(notional[offset:])
        return result


class MarginGauge:
    """Every exchange account that carries perpetuals; rows of ``equity`` are as in ``venues``."""

    def __init__(self, accounts: Sequence[MarginAccount], ledger: Ledger, panel: MarketPanel) -> None:
        self.metrics = tuple(metric for account in accounts for metric in account.metrics)
        self.venues = tuple(account.venue.venue for account in accounts)
        self._ledger = ledger
        self._cash = [ledger.position(base_token(venue, "USDT")) for venue in self.venues]
        self._contracts = tuple(
            Contract(
                row,
                ledger.position(key),
                panel.perp[f"{key.venue}:{key.symbol}"],
                contract_tiers(account.venue, key.symbol, panel),
            )
            for row, account in enumerate(accounts)
            for key in account.perps
        )

    def equity(self, positions: Positions) -> FloatArray:
        """(accounts, hours) USDT and unrealised P&L."""
        equity = positions.quantities[self._cash]
        for contract in self._contracts:
            size, entry = self._ledger.quantities[contract.position], self._ledger.entries[contract.position]
            equity[contract.account] += unrealised_pnl(size, contract.mark[positions.hours], entry)
        return equity

    def read(self, view: View) -> FloatArray:
        """Equity of each account over its notional, and over its maintenance margin."""
        positions = view.positions
        covered = np.zeros((len(self.metrics), len(view.nav)))
        for contract in self._contracts:
            held = abs(self._ledger.quantities[contract.position]) * contract.mark[positions.hours]
            covered[2 * contract.account] += held
            covered[2 * contract.account + 1] += contract.maintenance(held, positions.start, positions.stop)
        return margin_ratio(view.equity.repeat(2, axis=0), covered)


class LoopGauge:
    """Collateral in an LST against WETH debt; ``threshold`` (n,) is the liquidation threshold in force."""

    def __init__(
        self,
        venue: str,
        lst: str,
        ledger: Ledger,
        panel: MarketPanel,
        threshold: FloatArray,
        ltv: Thresholds,
        health_factor: Thresholds,
    ) -> None:
        self.venue = venue
        self.metrics = (
            Metric("ltv", venue, ltv.warning, ltv.critical, floor=False),
            Metric("health_factor", venue, health_factor.warning, health_factor.critical, floor=True),
        )
        self._ledger = ledger
        self._supplied = ledger.position(a_token(lst, venue))
        self._borrowed = ledger.position(debt_token("WETH", venue))
        self._collateral = panel.liquidity_index[lst] * panel.oracle_rate[lst]
        self._debt = panel.borrow_index["WETH"]
        self._threshold = threshold

    def read(self, view: View) -> tuple[FloatArray, FloatArray]:
        collateral, debt = self.balances(view.hours)
        with np.errstate(divide="ignore", invalid="ignore"):
            ltv = np.where(debt > 0.0, debt / collateral, 0.0)
            health = np.where(debt > 0.0, collateral * self._threshold[view.hours] / debt, np.inf)
        return ltv, health

    def balances(self, hours: slice) -> tuple[FloatArray, FloatArray]:
        """(collateral, debt) in ETH at Aave's oracle, (hours,)."""
        quantities = self._ledger.quantities
        return quantities[self._supplied] * self._collateral[hours], quantities[self._borrowed] * self._debt[hours]


class PegGauge:
    """Market rate of an LST over its oracle rate: what leaving through the DEX is worth."""

    def __init__(self, lst: str, panel: MarketPanel, levels: Thresholds) -> None:
        self.metrics = (Metric("peg", lst, levels.warning, levels.critical, floor=True, acts=False),)
        self._peg = panel.market_rate[lst] / panel.oracle_rate[lst]

    def read(self, view: View) -> tuple[FloatArray]:
        return (self._peg[view.hours],)


class DeltaGauge:
    """|net delta| of the hedged asset as a share of NAV."""

    def __init__(self, asset: str, tolerance: float) -> None:
        self.metrics = (Metric("delta", None, tolerance, None, floor=False),)
        self._asset = asset

    def read(self, view: View) -> tuple[FloatArray]:
        return (np.abs(view.exposures[self._asset].net_delta_value) / view.nav,)


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
