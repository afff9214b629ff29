"""Component factory: the eleven components of a run, built in dependency order (ADR-055, ADR-056)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.config import RunConfig
from engine.data_provider import DataProvider
from engine.event_logger import EventLogger, EventSink
from engine.execution_interface_manager import ExecutionInterfaceManager
from engine.execution_manager import ExecutionManager
from engine.exposure_monitor import ExposureMonitor
from engine.health import HealthBoard, Part, build_components
from engine.ledger import Ledger
from engine.market import MarketPanel
from engine.pnl_calculator import PnlCalculator
from engine.position_monitor import PositionMonitor
from engine.position_update_handler import PositionUpdateHandler
from engine.positions import WALLET_ETH, PositionType
from engine.reconciliation import Reconciliation
from engine.risk_monitor import RiskMonitor
from engine.strategies.factory import strategy_class
from engine.strategy_manager import StrategyManager
from engine.valuation import UnitValue, Valuer
from engine.venues.ethereum import GasStation
from engine.venues.exchange import SimulatedExchange
from engine.venues.lending import SimulatedLending
from engine.venues.transfer import SimulatedTransfers


@dataclass(frozen=True, slots=True)
class Components:
    """References every component holds from construction on (ADR-003)."""

    data_provider: DataProvider
    ledger: Ledger
    valuer: Valuer
    unit_values: list[UnitValue]
    event_logger: EventLogger
    position_monitor: PositionMonitor
    exposure_monitor: ExposureMonitor
    risk_monitor: RiskMonitor
    pnl_calculator: PnlCalculator
    strategy_manager: StrategyManager
    exchanges: Mapping[str, SimulatedExchange]
    execution_interface_manager: ExecutionInterfaceManager
    position_update_handler: PositionUpdateHandler
    reconciliation: Reconciliation
    execution_manager: ExecutionManager


def build(run: RunConfig, panel: MarketPanel, sink: EventSink | None, board: HealthBoard) -> Components:
    """Components of one simulated run.  Errors: COM-001 or the component's own, with ``board`` updated."""
    return Components(**build_components(_parts(run, panel, sink), board))


def _ledger(run: RunConfig) -> Ledger:
    keys = strategy_class(run).open_accounts(run)
    margin_cash = [
        key for key in keys
        if key.symbol == "USDT" and any(other.type is PositionType.PERP and other.venue == key.venue for other in keys)
    ]  # fmt: skip
    gas_debt = [WALLET_ETH] if run.share_class.currency == "USDT" else []
    return Ledger(keys, overdraft=[*margin_cash, *gas_debt])


def _exchanges(run: RunConfig, ledger: Ledger, panel: MarketPanel) -> dict[str, SimulatedExchange]:
    return {
        name: SimulatedExchange(venue, ledger, panel) for name, venue in run.venues.items() if venue.kind == "exchange"
    }


def _interfaces(run: RunConfig, made: Mapping[str, Any], panel: MarketPanel) -> ExecutionInterfaceManager:
    ledger, valuer = made["ledger"], made["valuer"]
    node = next(venue for venue in run.venues.values() if venue.kind == "node")
    gas = GasStation(node, panel)
    lending = {
        name: SimulatedLending(venue, ledger, panel, valuer, gas)
        for name, venue in run.venues.items()
        if venue.kind == "lending"
    }
    return ExecutionInterfaceManager(made["exchanges"], lending, SimulatedTransfers(ledger, panel, valuer, gas))


def _exposures(run: RunConfig, made: Mapping[str, Any]) -> ExposureMonitor:
    valuer = made["valuer"]
    prices = {
        asset: valuer.token_price("wallet", asset) / valuer.numeraire
        for asset in run.mode.component_config.exposure_monitor.assets
    }
    exchanges = frozenset(name for name, venue in run.venues.items() if venue.kind == "exchange")
    return ExposureMonitor(made["ledger"], made["unit_values"], prices, exchanges)


def _parts(run: RunConfig, panel: MarketPanel, sink: EventSink | None) -> tuple[Part, ...]:
    return (
        Part("data_provider", (), lambda _: DataProvider(run, panel)),
        Part("ledger", (), lambda _: _ledger(run)),
        Part("valuer", ("data_provider",), lambda _: Valuer(panel, run.mode, run.share_class.currency)),
        Part("unit_values", ("ledger", "valuer"), lambda made: made["valuer"].unit_values(made["ledger"].keys)),
        Part("event_logger", ("ledger",), lambda made: EventLogger(made["ledger"], sink)),
        Part("position_monitor", ("ledger", "data_provider"), lambda made: PositionMonitor(made["ledger"], panel)),
        Part("exposure_monitor", ("position_monitor", "unit_values"), lambda made: _exposures(run, made)),
        Part("risk_monitor", ("exposure_monitor",), lambda made: RiskMonitor(run, made["ledger"], panel)),
        Part(
            "pnl_calculator", ("position_monitor", "unit_values"),
            lambda made: PnlCalculator(made["ledger"], made["unit_values"], made["valuer"].numeraire),
        ),
        Part(
            "strategy_manager", ("risk_monitor", "pnl_calculator"),
            lambda made: StrategyManager(strategy_class(run)(run, made["ledger"], panel)),
        ),
        Part("exchanges", ("data_provider", "ledger"), lambda made: _exchanges(run, made["ledger"], panel)),
        Part("execution_interface_manager", ("exchanges", "valuer"), lambda made: _interfaces(run, made, panel)),
        Part(
            "position_update_handler", ("event_logger", "pnl_calculator"),
            lambda made: PositionUpdateHandler(
                made["event_logger"], made["pnl_calculator"], made["valuer"], made["data_provider"].hours
            ),
        ),
        Part(
            "reconciliation", ("event_logger", "unit_values"),
            lambda made: Reconciliation(
                made["ledger"], made["unit_values"], made["event_logger"],
                run.mode.component_config.reconciliation.tolerance,
            ),
        ),
        Part(
            "execution_manager", ("execution_interface_manager", "position_update_handler", "reconciliation"),
            lambda made: ExecutionManager(
                made["ledger"], made["event_logger"], made["execution_interface_manager"],
                made["position_update_handler"], made["reconciliation"], made["data_provider"].hours,
            ),
        ),
    )  # fmt: skip
