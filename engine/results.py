"""What a run leaves: tables in the columns of the SQL contract, a summary, and a digest of both.

Amounts are in the share-class currency; ``ts`` is ``datetime64[us]`` in UTC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from engine.components import Components
from engine.config import RunConfig
from engine.ledger import Ledger
from engine.market import FloatArray, IntArray, iso_hour
from engine.maths.performance import Performance, drawdowns, hourly_returns, money_weighted_return, performance
from engine.positions import LST_ISSUERS, WALLET, PositionType
from engine.recorder import Recorder
from engine.risk_monitor import RiskState
from engine.valuation import COMPONENT_INDEX, COMPONENTS

Table = dict[str, Any]
"""Column name → array or list, all of one length."""

COST_COMPONENTS = ("gas", "trading_fees", "slippage", "flash_loan_fee")
RESIDUAL_TOLERANCE = 1e-9
"""Largest |residual| over NAV that is floating-point noise."""


@dataclass(frozen=True)
class RunResult:
    """A finished run.  Tables are built on demand from the recorder's columns."""

    run: RunConfig
    components: Components
    record: Recorder

    @property
    def ledger(self) -> Ledger:
        return self.components.ledger

    @cached_property
    def hours(self) -> IntArray:
        return self.components.data_provider.panel.hours

    @cached_property
    def pnl(self) -> FloatArray:
        return self.record.pnl(self.run.initial_capital)

    @cached_property
    def residual(self) -> FloatArray:
        return self.record.residual(self.run.initial_capital)

    @cached_property
    def performance(self) -> Performance:
        return performance(hourly_returns(self.record.nav, self.pnl, self.record.net_flows))

    @property
    def final_nav(self) -> float:
        return float(self.record.nav[-1])

    @cached_property
    def _ts(self) -> NDArray[np.datetime64]:
        return self.hours.astype("datetime64[s]").astype("datetime64[us]")

    @cached_property
    def market_valuation_gap(self) -> FloatArray:
        """(n,) value of every LST held, free or supplied, at the market rate less that at the oracle rate.

        NaN where no market rate is known, and everywhere in a mode that stakes nothing.
        """
        panel, valuer = self.components.data_provider.panel, self.components.valuer
        gap = np.full(len(self.hours), np.nan)
        for row, key in enumerate(self.ledger.keys):
            if key.asset in LST_ISSUERS and key.type in (PositionType.LST, PositionType.A_TOKEN):
                discount = panel.market_rate[key.asset] - panel.oracle_rate[key.asset]
                tokens = self.record.quantity[row] * self.components.unit_values[row].tokens
                value = tokens * discount * valuer.token_price(WALLET, "ETH") / valuer.numeraire
                gap = np.where(np.isnan(gap), value, gap + value)
        return gap

    def worst_residual(self) -> tuple[float, str]:
        """Largest |residual| / NAV, and the hour it happened at."""
        relative = np.abs(self.residual) / self.record.nav
        worst = int(np.argmax(relative))
        return float(relative[worst]), iso_hour(int(self.hours[worst]))

    def hourly_pnl(self) -> Table:
        return {
            "ts": self._ts,
            "nav": self.record.nav,
            "net_flows": self.record.net_flows,
            "pnl": self.pnl,
            "cumulative_pnl": np.cumsum(self.pnl),
            "drawdown": drawdowns(hourly_returns(self.record.nav, self.pnl, self.record.net_flows)),
            "residual": self.residual,
            "market_valuation_gap": self.market_valuation_gap,
        }

    def pnl_attribution(self) -> Table:
        """Long form; hours in which a component is zero are left out."""
        attribution = self.record.attribution.T
        rows, columns = np.nonzero(attribution)
        return {
            "ts": self._ts[rows],
            "component": np.array(COMPONENTS)[columns],
            "pnl": attribution[rows, columns],
            "cumulative_pnl": np.cumsum(attribution, axis=0)[rows, columns],
        }

    def balance_sheet(self) -> Table:
        """Long form; accounts that hold nothing at an hour are left out.  A perpetual's unit is mark − entry."""
        quantity, value = self.record.quantity.T, self.record.value.T
        rows, columns = np.nonzero(quantity)
        held, worth = quantity[rows, columns], value[rows, columns]
        return {
            "ts": self._ts[rows],
            "position_key": np.array([str(key) for key in self.ledger.keys])[columns],
            "quantity": held,
            "unit_value": worth / held,
            "value": worth,
        }

    def exposures(self) -> Table:
        assets = len(self.record.assets)
        flat = self.record.exposure.transpose(2, 0, 1).reshape(-1, 4)
        return {
            "ts": np.repeat(self._ts, assets),
            "asset": np.tile(np.array(self.record.assets), len(self.hours)),
            "net_delta": flat[:, 0],
            "onchain_delta": flat[:, 1],
            "exchange_delta": flat[:, 2],
            "net_delta_value": flat[:, 3],
        }

    def risk_metrics(self) -> Table:
        """Long form; a ratio that has nothing under it (no position) is left out."""
        metrics = self.record.metrics
        rows, columns = np.nonzero(np.isfinite(self.record.risk.T))
        states = np.array([state.name.lower() for state in RiskState])
        return {
            "ts": self._ts[rows],
            "metric": np.array([metric.name for metric in metrics])[columns],
            "venue": np.array([metric.venue or "portfolio" for metric in metrics])[columns],
            "value": self.record.risk.T[rows, columns],
            "warning": _levels([metric.warning for metric in metrics])[columns],
            "critical": _levels([metric.critical for metric in metrics])[columns],
            "state": states[self.record.risk_state.T[rows, columns]],
        }

    def events(self) -> Table:
        return {**self.components.event_logger.columns, "ts": _timestamps(self.components.event_logger.columns["ts"])}

    def postings(self) -> Table:
        postings = self.ledger.postings
        return {
            "seq": postings.seq,
            "leg": postings.leg,
            "position_key": postings.position_key,
            "ts": _timestamps(postings.ts),
            "delta": postings.delta,
            "balance_after": postings.balance_after,
        }

    def summary(self) -> dict[str, Any]:
        """One row of ``results.summary``; None where the mode has no such measure."""
        figures, mode = self.performance, self.run.mode
        costs = self.record.attribution[[COMPONENT_INDEX[name] for name in COST_COMPONENTS]].sum()
        types = self.components.event_logger.columns["event_type"]
        money_weighted = money_weighted_return(self.run.initial_capital, self.record.net_flows, self.final_nav)
        return {
            "final_nav": self.final_nav,
            "total_return": figures.total_return,
            "apr": figures.apr,
            "apy": figures.apy,
            "money_weighted_return": money_weighted if np.isfinite(money_weighted) else None,
            "volatility": figures.volatility,
            "sharpe": figures.sharpe if np.isfinite(figures.sharpe) else None,
            "max_drawdown": figures.max_drawdown,
            "target_apy": mode.target_apy,
            "apy_vs_target": figures.apy - mode.target_apy,
            "total_trades": sum(1 for kind in types if kind in ("spot_trade", "perp_trade", "swap")),
            "total_costs": -float(costs),
            "min_health_factor": self._lowest("health_factor", np.min),
            "max_ltv": self._lowest("ltv", np.max),
            "min_margin_ratio": self._lowest("margin_ratio", np.min),
            "max_abs_residual": float(np.abs(self.residual).max()),
            "hours": len(self.hours),
            "proxied_rows": int(sum(mask.sum() for mask in self.components.data_provider.panel.proxied.values())),
        }

    def _lowest(self, name: str, extreme: Any) -> float | None:
        rows = [row for row, metric in enumerate(self.record.metrics) if metric.name == name]
        values = self.record.risk[rows]
        finite = values[np.isfinite(values)]
        return float(extreme(finite)) if len(finite) else None

    def tables(self) -> Mapping[str, Table]:
        """Every results table but ``runs``, keyed by its name in the SQL contract."""
        return {
            "summary": {name: [value] for name, value in self.summary().items()},
            "hourly_pnl": self.hourly_pnl(),
            "pnl_attribution": self.pnl_attribution(),
            "events": self.events(),
            "postings": self.postings(),
            "balance_sheet": self.balance_sheet(),
            "exposures": self.exposures(),
            "risk_metrics": self.risk_metrics(),
        }

    @cached_property
    def digest(self) -> str:
        """sha256 over every recorded number and event: equal inputs give an equal digest, bit for bit."""
        digest = hashlib.sha256()
        record = self.record
        for array in (record.nav, record.net_flows, record.attribution, record.quantity, record.value, record.exposure,
                      record.risk, record.risk_state, self.hours):  # fmt: skip
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(orjson.dumps(self.components.event_logger.columns))
        postings = self.ledger.postings
        digest.update(orjson.dumps([postings.seq, postings.leg, postings.position_key, postings.delta]))
        return digest.hexdigest()


def _levels(levels: list[float | None]) -> FloatArray:
    return np.array([np.nan if level is None else level for level in levels])


def _timestamps(seconds: list[int]) -> NDArray[np.datetime64]:
    return np.array(seconds, dtype="datetime64[s]").astype("datetime64[us]")
