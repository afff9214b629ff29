"""Risk monitor: every measure the mode watches, against warning and critical levels, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.config import RunConfig
from engine.errors import BasisError
from engine.exposure_monitor import Exposure
from engine.ledger import Ledger
from engine.market import FloatArray, MarketPanel
from engine.position_monitor import Positions
from engine.positions import LST_ISSUERS, PositionKey, PositionType
from engine.risk_gauges import DeltaGauge, Gauge, Levels, LoopGauge, MarginAccount, MarginGauge, Metric, PegGauge, View
from engine.venues.lending import hourly_parameter


class RiskState(IntEnum):
    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Risk:
    """``values`` and ``states`` (metrics, hours), rows as in ``RiskMonitor.metrics``; ``equity`` is USDT by venue."""

    values: FloatArray
    states: NDArray[np.int8]
    equity: Mapping[str, FloatArray]


class RiskMonitor:
    """Built from a run's configuration; it watches what its accounts expose it to."""

    def __init__(self, run: RunConfig, ledger: Ledger, panel: MarketPanel) -> None:
        self._margin = _margin_gauge(run, ledger, panel)
        gauges: list[Gauge] = [] if self._margin is None else [self._margin]
        gauges += _loop_gauges(run, ledger, panel)
        if run.mode.peg_thresholds is not None and run.mode.lst_token is not None:
            gauges.append(PegGauge(run.mode.lst_token, panel, run.mode.peg_thresholds))
        if self._margin is not None:
            gauges.append(DeltaGauge(run.mode.asset, run.mode.delta_tolerance))
        self._gauges = tuple(gauges)
        self.metrics: tuple[Metric, ...] = tuple(metric for gauge in gauges for metric in gauge.metrics)
        self._levels = Levels(self.metrics)
        self._accounts = self._margin.venues if self._margin is not None else ()
        watched, asked = {metric.name for metric in self.metrics}, set(run.mode.component_config.risk_monitor.metrics)
        if watched != asked:
            raise BasisError(
                "CFG-004",
                f"{run.mode.mode} asks for other risk metrics than its accounts have",
                expected=", ".join(sorted(watched)) or "none",
                looked_in="component_config.risk_monitor.metrics",
                found=", ".join(sorted(asked)) or "none",
            )

    def row(self, name: str, venue: str | None = None) -> int | None:
        """Position of a metric among ``metrics``, None when it is not watched."""
        for row, metric in enumerate(self.metrics):
            if metric.name == name and venue in (None, metric.venue):
                return row
        return None

    def assess(self, positions: Positions, nav: FloatArray, exposures: Mapping[str, Exposure]) -> Risk:
        """Every metric over the stretch of ``positions``, with its state."""
        equity = self._margin.equity(positions) if self._margin is not None else np.empty((0, len(nav)))
        view = View(positions, nav, exposures, equity)
        values = np.array([row for gauge in self._gauges for row in gauge.read(view)])
        values = values.reshape(len(self.metrics), len(nav))  # a mode without metrics has an empty table, not none
        return Risk(values, self._levels.states(values), dict(zip(self._accounts, equity, strict=True)))


def _margin_gauge(run: RunConfig, ledger: Ledger, panel: MarketPanel) -> MarginGauge | None:
    perps: dict[str, list[PositionKey]] = {}
    for key in ledger.keys:
        if key.type is PositionType.PERP:
            perps.setdefault(key.venue, []).append(key)
    accounts = []
    for name, keys in perps.items():
        thresholds = run.mode.margin_thresholds or run.venues[name].margin_thresholds
        if thresholds is None:
            raise BasisError(
                "CFG-003",
                f"{name} carries perpetuals without margin thresholds",
                expected="margin_thresholds in the venue or the mode file",
                found="neither",
            )
        accounts.append(MarginAccount(run.venues[name], keys, thresholds))
    return MarginGauge(accounts, ledger, panel) if accounts else None


def _loop_gauges(run: RunConfig, ledger: Ledger, panel: MarketPanel) -> list[LoopGauge]:
    gauges = []
    for key in ledger.keys:
        if key.type is PositionType.A_TOKEN and key.asset in LST_ISSUERS:
            ltv, health = run.mode.ltv_thresholds, run.mode.health_factor_thresholds
            if ltv is None or health is None:
                raise BasisError(
                    "CFG-003",
                    f"{run.mode.mode} borrows against {key.asset} without LTV and health factor thresholds",
                    expected="ltv_thresholds and health_factor_thresholds in the mode file",
                    found="not both",
                )
            threshold = hourly_parameter(run.venues[key.venue], f"emode.{key.asset}.liquidation_threshold", panel)
            gauges.append(LoopGauge(key.venue, key.asset, ledger, panel, threshold, ltv, health))
    return gauges
