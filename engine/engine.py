"""The event engine: one clock, one full loop per hour, quiet stretches evaluated at once (mechanics §2).

Between two decisions stored quantities do not change, so the engine looks at a stretch of hours with the same
functions that look at one, finds the first hour at which anything wants to happen, keeps the hours before it,
and runs the full step there: settle, positions, exposure, risk, liquidation, decision, execution with
reconciliation, P&L.  ``stretch=1`` is the plain hourly loop and gives the same result bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import psutil

from engine.components import build
from engine.config import RunConfig
from engine.errors import BasisError
from engine.event_logger import EventSink
from engine.health import HealthBoard
from engine.liquidation import Liquidations
from engine.market import MarketPanel, iso_hour
from engine.position_monitor import Positions
from engine.positions import WALLET, base_token
from engine.recorder import Recorder
from engine.results import RunResult
from engine.risk_monitor import RiskState
from engine.settlement import Settlement
from engine.strategies.base import Snapshot

Progress = Callable[[int, int], None]
"""Called with (hours done, hours in all)."""

FIRST_STRETCH = 32
LONGEST_STRETCH = 2048
MEMORY_CHECK_SECONDS = 0.5


class EventEngine:
    """One run, isolated: fresh components from an immutable configuration, discarded afterwards (ADR-005)."""

    def __init__(
        self,
        run: RunConfig,
        panel: MarketPanel,
        sink: EventSink | None = None,
        progress: Progress | None = None,
        longest_stretch: int = LONGEST_STRETCH,
    ) -> None:
        self.health = HealthBoard()
        self._run = run
        self._c = build(run, panel, sink, self.health)
        self._hours = self._c.data_provider.hours
        self._record = Recorder(len(panel), self._c.ledger, self._c.exposure_monitor, self._c.risk_monitor)
        self._risk_states = np.full((len(self._c.risk_monitor.metrics), 1), RiskState.OK, dtype=np.int8)
        self._settlement = Settlement(run, self._c, self._record)
        self._liquidations = Liquidations(run, self._c)
        self._seen = (-1, 0)
        self._latest: Snapshot | None = None
        self._closing_hour = len(self._hours) - 1 if run.close_at_end else None
        self._progress = progress
        self._longest = longest_stretch
        self._started = time.monotonic()
        self._memory_checked = self._started - MEMORY_CHECK_SECONDS

    def run(self) -> RunResult:
        """Every hour of the window.  Errors: any component's, EDS-001/002/003; nothing is kept then."""
        total = len(self._hours)
        self._deposit_capital()
        self._step(0)
        hour, length = 1, min(FIRST_STRETCH, self._longest)
        while hour < total:
            stop = min(hour + length, total)
            acting = self._advance(hour, stop)
            if acting is None:
                hour, length = stop, min(2 * length, self._longest)
            else:
                hour, length = acting + 1, min(FIRST_STRETCH, self._longest)
            self._c.event_logger.flush()
            self._check_limits(hour)
            if self._progress is not None:
                self._progress(hour, total)
        declared = self._run.mode.component_config.pnl_calculator.components
        self._c.pnl_calculator.refuse_undeclared(self._record.attribution, declared)
        return RunResult(self._run, self._c, self._record)

    def _advance(self, start: int, stop: int) -> int | None:
        """Live through ``[start, stop)`` up to the first hour that needs a full step; returns that hour."""
        held = list(self._c.ledger.quantities)
        snapshot = self._observe(self._c.position_monitor.over(start, stop))
        restless = np.flatnonzero(self._restless(snapshot))
        quiet = int(restless[0]) if len(restless) else stop - start
        settled = min(start + quiet + 1, stop)
        self._settlement.funding(start, settled)
        self._c.pnl_calculator.attribute_market(self._record.attribution, held, start, settled)
        self._record.record(snapshot, quiet)
        if not len(restless):
            return None
        self._step(start + quiet)
        return start + quiet

    def _restless(self, snapshot: Snapshot) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """(hours,) True where the strategy would act, a risk state changes, or equity is gone."""
        restless = self._c.strategy_manager.triggers(snapshot) | (snapshot.nav <= 0.0)
        due = self._c.agenda.next_hour(snapshot.start)
        if due is not None and due < snapshot.stop:
            restless[due - snapshot.start] = True
        if self._closing_hour is not None and self._closing_hour < snapshot.stop:
            restless[-1] = True
        changes: np.ndarray[tuple[int], np.dtype[np.bool_]] = snapshot.risk.states != self._risk_states
        return restless | changes.any(axis=0)

    def _now(self, hour: int) -> Snapshot:
        """One hour as the ledger shows it; looked at again only when something was posted since."""
        seen = (hour, len(self._c.ledger.postings))
        if self._latest is None or self._seen != seen:
            self._seen, self._latest = seen, self._observe(self._c.position_monitor.now(hour))
        return self._latest

    def _observe(self, positions: Positions) -> Snapshot:
        """Positions → value, exposure, risk: the monitors, in order, on one snapshot."""
        values, nav = self._c.pnl_calculator.value(positions)
        exposures = self._c.exposure_monitor.measure(positions)
        risk = self._c.risk_monitor.assess(positions, nav, exposures)
        return Snapshot(positions, values, nav, exposures, risk)

    def _deposit_capital(self) -> None:
        currency = self._run.share_class.currency
        account, capital = base_token(WALLET, currency), self._run.initial_capital
        price = float(self._c.valuer.token_price(WALLET, currency)[0])
        self._c.event_logger.record(
            self._hours[0], "capital_deposited", WALLET, currency, capital, price, postings=((account, capital),)
        )

    def _step(self, hour: int) -> None:
        """The full loop at one hour whose funding is posted."""
        self._settlement.due(hour)
        snapshot = self._now(hour)
        if self._liquidations.carry_out(snapshot, hour, self._record.attribution):
            self._after_liquidation()
            snapshot = self._now(hour)
        self._report_breaches(snapshot, hour)
        self._require_equity(snapshot, hour)
        if hour == self._closing_hour:
            self._c.strategy_manager.stand_down()
        self._settlement.pay_withdrawals(hour)
        self._act(hour)
        if hour == self._closing_hour:
            self._act(hour)  # no later hour moves what the closing trades freed
        self._settlement.pay_withdrawals(hour)
        snapshot = self._now(hour)
        self._require_equity(snapshot, hour)
        self._risk_states = snapshot.risk.states
        self._record.record(snapshot, 1)

    def _act(self, hour: int) -> None:
        decision = self._c.strategy_manager.decide(self._now(hour), first=hour == 0)
        if decision is not None:
            self._c.execution_manager.execute(decision, hour, self._record.attribution)

    def _after_liquidation(self) -> None:
        """The mode says what follows: back to target at the next decision, or out of everything."""
        if self._run.mode.after_liquidation == "stand_down":
            self._c.strategy_manager.stand_down()

    def _report_breaches(self, snapshot: Snapshot, hour: int) -> None:
        """An event for every risk measure whose state is not what it was."""
        for row, metric in enumerate(self._c.risk_monitor.metrics):
            state = RiskState(int(snapshot.risk.states[row][0]))
            if state == self._risk_states[row, 0]:
                continue
            value = float(snapshot.risk.values[row][0])
            self._c.event_logger.record(
                self._hours[hour],
                "risk_breach",
                metric.venue or "portfolio",
                status=state.name.lower(),
                reason=f"{metric.name} {value:.4f} is {state.name.lower()}",
                details={"metric": metric.name, "value": value, "warning": metric.warning, "critical": metric.critical},
            )

    def _require_equity(self, snapshot: Snapshot, hour: int) -> None:
        nav = float(snapshot.nav[0])
        if nav <= 0.0:
            raise BasisError(
                "EDS-003",
                f"NAV is {nav:.2f} at {iso_hour(self._hours[hour])}",
                expected="a positive NAV",
                found=f"{nav!r}",
                context={"hour": iso_hour(self._hours[hour])},
            )

    def _check_limits(self, hour: int) -> None:
        now = time.monotonic()
        limits = self._run.mode.limits
        if now - self._started > limits.max_seconds:
            raise BasisError(
                "EDS-001",
                f"stopped after {hour} of {len(self._hours)} hours of the window",
                expected=f"at most {limits.max_seconds} s",
                found=f"{now - self._started:.1f} s",
            )
        if now - self._memory_checked >= MEMORY_CHECK_SECONDS:
            self._memory_checked = now
            used = psutil.Process().memory_info().rss / 1e6
            if used > limits.max_memory_mb:
                raise BasisError(
                    "EDS-002",
                    f"stopped after {hour} of {len(self._hours)} hours of the window",
                    expected=f"at most {limits.max_memory_mb} MB resident",
                    found=f"{used:.0f} MB",
                )


def run_backtest(
    run: RunConfig, panel: MarketPanel, sink: EventSink | None = None, progress: Progress | None = None
) -> RunResult:
    """Run one mode over its panel and return everything it recorded.

    ``panel`` must cover the window of ``run`` hour by hour.  ``sink`` receives events as JSON lines while the
    run goes on.  Errors: BasisError with the code of the component that refused.
    """
    return EventEngine(run, panel, sink, progress).run()
