"""Recorder: every hour of a run in preallocated columns; nothing is allocated a row at a time."""

from __future__ import annotations

import numpy as np

from engine.exposure_monitor import ExposureMonitor
from engine.ledger import Ledger
from engine.market import FloatArray
from engine.risk_monitor import RiskMonitor
from engine.strategies.base import Snapshot
from engine.valuation import COMPONENTS


class Recorder:
    """State after each hour's trades.  First axis: accounts, components, assets or metrics; last axis: hours."""

    def __init__(self, hours: int, ledger: Ledger, exposures: ExposureMonitor, risk: RiskMonitor) -> None:
        self.nav = np.zeros(hours)
        self.net_flows = np.zeros(hours)
        self.attribution = np.zeros((len(COMPONENTS), hours))
        self.quantity = np.zeros((len(ledger.keys), hours))
        self.value = np.zeros((len(ledger.keys), hours))
        self.assets = exposures.assets
        self.exposure = np.zeros((len(exposures.assets), 4, hours))
        self.metrics = tuple(risk.metrics)
        self.risk = np.zeros((len(risk.metrics), hours))
        self.risk_state = np.zeros((len(risk.metrics), hours), dtype=np.int8)

    def record(self, snapshot: Snapshot, count: int) -> None:
        """Store the first ``count`` hours of a snapshot."""
        hours = slice(snapshot.start, snapshot.start + count)
        self.nav[hours] = snapshot.nav[:count]
        self.quantity[:, hours] = snapshot.positions.quantities[:, :count]
        self.value[:, hours] = snapshot.values[:, :count]
        for row, asset in enumerate(self.assets):
            exposure = snapshot.exposures[asset]
            self.exposure[row, 0, hours] = exposure.net_delta[:count]
            self.exposure[row, 1, hours] = exposure.onchain_delta[:count]
            self.exposure[row, 2, hours] = exposure.exchange_delta[:count]
            self.exposure[row, 3, hours] = exposure.net_delta_value[:count]
        self.risk[:, hours] = snapshot.risk.values[:, :count]
        self.risk_state[:, hours] = snapshot.risk.states[:, :count]

    def pnl(self, initial_capital: float) -> FloatArray:
        """(n,) balance side: change of NAV less net flows; the first hour is against the initial capital."""
        return np.diff(self.nav, prepend=initial_capital) - self.net_flows

    def residual(self, initial_capital: float) -> FloatArray:
        """(n,) balance side less attribution side: floating-point noise, or a bug."""
        explained: FloatArray = self.attribution.sum(axis=0)
        return self.pnl(initial_capital) - explained
