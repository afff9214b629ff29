"""Component factory: the eleven components of a run, built in dependency order (ADR-055, ADR-056)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.agenda import Agenda
from engine.config import RunConfig, VenueConfig
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
from engine.strategies.base import StrategyContext
from engine.strategies.factory import strategy_class
from engine.strategy_manager import StrategyManager
from engine.treasury import Treasury
from engine.valuation import UnitValue, Valuer
from engine.venues.base import Venue
from engine.venues.dex import SimulatedDex
from engine.venues.ethereum import GasStation
from engine.venues.exchange import SimulatedExchange
from engine.venues.flash_loan import SimulatedFlashLoans
from engine.venues.lending import SimulatedLending
from engine.venues.staking import SimulatedStaking
from engine.venues.transfer import SimulatedTransfers


@dataclass(frozen=True, slots=True)
class Venues:
    """The simulated venues of a run, by kind and name."""

    exchanges: Mapping[str, SimulatedExchange]
    pools: Mapping[str, SimulatedLending]
    staking: Mapping[str, SimulatedStaking]
    flash_loans: Mapping[str, SimulatedFlashLoans]
    dex: SimulatedDex
    transfers: SimulatedTransfers


@dataclass(frozen=True, slots=True)
class Components:
    """References every component holds from construction on (ADR-003)."""

    data_provider: DataProvider
    ledger: Ledger
    agenda: Agenda
    treasury: Treasury
    valuer: Valuer
    unit_values: list[UnitValue]
    gas_station: GasStation
    venues: Venues
    event_logger: EventLogger
    position_monitor: PositionMonitor
    exposure_monitor: ExposureMonitor
    risk_monitor: RiskMonitor
    pnl_calculator: PnlCalculator
    strategy_manager: StrategyManager
    execution_interface_manager: ExecutionInterfaceManager
    position_update_handler: PositionUpdateHandler
    reconciliation: Reconciliation
    execution_manager: ExecutionManager


def build(run: RunConfig, panel: MarketPanel, sink: EventSink | None, board: HealthBoard) -> Components:
    """Components of one simulated run.  Errors: COM-001 or the component's own, with ``board`` updated."""
    return Components(**build_components(_parts(run, panel, sink), board))


def _of_kind(run: RunConfig, kind: str) -> dict[str, VenueConfig]:
    return {name: venue for name, venue in run.venues.items() if venue.kind == kind}


def _ledger(run: RunConfig) -> Ledger:
    keys = strategy_class(run).open_accounts(run)
    perp_venues = {key.venue for key in keys if key.type is PositionType.PERP}
    margin_cash = [key for key in keys if key.symbol == "USDT" and key.venue in perp_venues]
    gas_debt = [WALLET_ETH] if run.share_class.currency == "USDT" else []
    return Ledger(keys, overdraft=[*margin_cash, *gas_debt])


def _venues(run: RunConfig, made: Mapping[str, Any], panel: MarketPanel) -> Venues:
    ledger, valuer = made["ledger"], made["valuer"]
    lst = run.mode.lst_token if run.mode.borrowing_enabled else None
    return Venues(
        exchanges={name: SimulatedExchange(venue, ledger, panel) for name, venue in _of_kind(run, "exchange").items()},
        pools={name: SimulatedLending(venue, panel, valuer, lst) for name, venue in _of_kind(run, "lending").items()},
        staking={
            name: SimulatedStaking(venue, panel, valuer, made["agenda"])
            for name, venue in _of_kind(run, "staking").items()
        },
        flash_loans={
            name: SimulatedFlashLoans(venue, panel, valuer) for name, venue in _of_kind(run, "flash_loan").items()
        },
        dex=SimulatedDex("dex", panel, valuer),
        transfers=SimulatedTransfers(run.venues, ledger, panel, valuer, made["agenda"]),
    )


def _interfaces(venues: Venues) -> ExecutionInterfaceManager:
    by_kind: dict[str, Mapping[str, Venue]] = {
        "exchange": venues.exchanges,
        "lending": venues.pools,
        "staking": venues.staking,
        "flash_loan": venues.flash_loans,
        "dex": {"dex": venues.dex},
        "transfer": {"transfer": venues.transfers},
    }
    return ExecutionInterfaceManager(by_kind, venues.pools)


def _exposures(run: RunConfig, made: Mapping[str, Any]) -> ExposureMonitor:
    valuer = made["valuer"]
    prices = {
        asset: valuer.token_price("wallet", asset) / valuer.numeraire
        for asset in run.mode.component_config.exposure_monitor.assets
    }
    return ExposureMonitor(made["ledger"], made["unit_values"], prices, frozenset(_of_kind(run, "exchange")))


def _strategy(run: RunConfig, made: Mapping[str, Any], panel: MarketPanel) -> StrategyManager:
    venues = made["venues"]
    context = StrategyContext(
        run=run,
        ledger=made["ledger"],
        panel=panel,
        valuer=made["valuer"],
        risk=made["risk_monitor"],
        treasury=made["treasury"],
        agenda=made["agenda"],
        gas=made["gas_station"],
        dex=venues.dex,
        flash_loans=venues.flash_loans,
        staking=venues.staking,
        transfers=venues.transfers,
    )
    return StrategyManager(strategy_class(run)(context))


def _parts(run: RunConfig, panel: MarketPanel, sink: EventSink | None) -> tuple[Part, ...]:
    node = next(iter(_of_kind(run, "node").values()))
    tolerance = run.mode.component_config.reconciliation.tolerance
    return (
        Part("data_provider", (), lambda _: DataProvider(run, panel)),
        Part("ledger", (), lambda _: _ledger(run)),
        Part("agenda", (), lambda _: Agenda()),
        Part("treasury", ("ledger",), lambda made: Treasury(run, made["ledger"])),
        Part("valuer", ("data_provider",), lambda _: Valuer(panel, run.mode, run.share_class.currency)),
        Part("unit_values", ("ledger", "valuer"), lambda made: made["valuer"].unit_values(made["ledger"].keys)),
        Part("gas_station", ("valuer",), lambda made: GasStation(node, panel, made["valuer"])),
        Part("venues", ("ledger", "valuer", "agenda"), lambda made: _venues(run, made, panel)),
        Part("event_logger", ("ledger",), lambda made: EventLogger(made["ledger"], sink)),
        Part("position_monitor", ("ledger", "data_provider"), lambda made: PositionMonitor(made["ledger"], panel)),
        Part("exposure_monitor", ("position_monitor", "unit_values"), lambda made: _exposures(run, made)),
        Part("risk_monitor", ("exposure_monitor",), lambda made: RiskMonitor(run, made["ledger"], panel)),
        Part(
            "pnl_calculator",
            ("position_monitor", "unit_values"),
            lambda made: PnlCalculator(made["ledger"], made["unit_values"], made["valuer"].numeraire),
        ),
        Part(
            "strategy_manager",
            ("risk_monitor", "pnl_calculator", "treasury", "venues", "gas_station"),
            lambda made: _strategy(run, made, panel),
        ),
        Part("execution_interface_manager", ("venues",), lambda made: _interfaces(made["venues"])),
        Part(
            "position_update_handler",
            ("event_logger", "pnl_calculator"),
            lambda made: PositionUpdateHandler(
                made["event_logger"], made["pnl_calculator"], made["valuer"], made["data_provider"].hours
            ),
        ),
        Part(
            "reconciliation",
            ("event_logger", "unit_values"),
            lambda made: Reconciliation(made["ledger"], made["unit_values"], made["event_logger"], tolerance),
        ),
        Part(
            "execution_manager",
            ("execution_interface_manager", "position_update_handler", "reconciliation", "gas_station"),
            lambda made: ExecutionManager(
                made["ledger"],
                made["event_logger"],
                made["execution_interface_manager"],
                made["position_update_handler"],
                made["reconciliation"],
                made["gas_station"],
                made["data_provider"].hours,
            ),
        ),
    )
