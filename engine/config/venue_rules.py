"""Rules of one venue file: what its kind must say, which parameters it must have, and which values are sane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from engine.config.business import threshold_order
from engine.config.rules import Finding, VenueRule
from engine.config.schema import MISSING
from engine.config.venue import MarginSchedule, VenueConfig

# The operations of the gas preset, spelled as in operation_gas_costs_summary.
GAS_OPERATIONS = (
    "STAKE_DEPOSIT",
    "STAKE_WITHDRAWAL",
    "TOKEN_SWAP",
    "UNWRAP_KING_TOKEN",
    "COLLATERAL_SUPPLIED",
    "COLLATERAL_WITHDRAWN",
    "LOAN_CREATED",
    "LOAN_REPAID",
    "TRADE_EXECUTED",
    "ADD_LIQUIDITY_V3",
    "VENUE_TRANSFER",
    "CREATE_LST",
    "REDEEM_LST",
    "ATOMIC_ENTRY",
    "ATOMIC_DELEVERAGE_ONE_SWAP",
    "ATOMIC_DELEVERAGE_TWO_SWAPS",
    "APPROVAL_ONCE",
    "SET_EMODE_ONCE",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Fields a venue kind must have (the others of ``KIND_FIELDS`` it may not have) and parameters it must have."""

    fields: frozenset[str]
    parameters: tuple[str, ...]


KIND_FIELDS = ("products", "margin_thresholds", "margin_tiers")

KINDS: Mapping[str, Kind] = {
    "exchange": Kind(frozenset(KIND_FIELDS), ("spot.taker_fee_bps", "perp.taker_fee_bps", "perp.liquidation_fee_bps")),
    "lending": Kind(frozenset(), ("flash_loan_fee", "close_factor", "rules_version")),
    "staking": Kind(frozenset(), ("unstaking_delay_hours",)),
    "flash_loan": Kind(frozenset(), ("flash_loan_fee",)),
    "node": Kind(frozenset(), tuple(f"gas_units.{operation}" for operation in GAS_OPERATIONS)),
}

# Unit -> smallest and largest sane value.
RANGES: Mapping[str, tuple[float, float]] = {
    "bps": (0.0, 1_000.0),
    "fraction": (0.0, 1.0),
    "gas": (21_000.0, 30_000_000.0),
    "hours": (0.0, 24.0 * 90),
    "usdt": (0.0, 1.0e12),
    "version": (1.0, 10.0),
}


def fields_fit_kind(venue: VenueConfig) -> Iterator[Finding]:
    for field in KIND_FIELDS:
        value, needed = getattr(venue, field), field in KINDS[venue.kind].fields
        if needed and value is None:
            yield Finding("CFG-003", field, MISSING, f"a value, required for kind {venue.kind}")
        if not needed and value is not None:
            yield Finding("CFG-003", field, "(set)", f"no such field, kind {venue.kind} has none")


def parameters_are_complete(venue: VenueConfig) -> Iterator[Finding]:
    present = {parameter.key for parameter in venue.parameters}
    for key in KINDS[venue.kind].parameters:
        if key not in present:
            yield Finding("CFG-003", f"parameters.{key}", MISSING, f"a dated row, required for kind {venue.kind}")


def parameters_are_sane(venue: VenueConfig) -> Iterator[Finding]:
    for number, parameter in enumerate(venue.parameters):
        low, high = RANGES[parameter.unit]
        if not low <= parameter.value <= high:
            yield Finding(
                "CFG-002",
                f"parameters[{number}].value",
                parameter.value,
                f"{low:g} to {high:g} for {parameter.key} in {parameter.unit}",
            )
    for (key, day), count in Counter((row.key, row.effective_from) for row in venue.parameters).items():
        if count > 1:
            yield Finding("CFG-002", f"parameters.{key}", day.isoformat(), f"one row a date, there are {count}")


def ltv_below_liquidation_threshold(venue: VenueConfig) -> Iterator[Finding]:
    """In every reserve and e-mode, at every date one of the two changes."""
    keys = {row.key for row in venue.parameters}
    for row in venue.parameters:
        stem, _, name = row.key.rpartition(".")
        if name not in ("ltv", "liquidation_threshold"):
            continue
        both = (f"{stem}.ltv", f"{stem}.liquidation_threshold")
        absent = [key for key in both if key not in keys]
        if absent:
            yield Finding("CFG-002", f"parameters.{absent[0]}", MISSING, f"a row, as there is one for {row.key}")
            continue
        ltv, threshold = (_in_force(venue, key, row.effective_from) for key in both)
        if ltv is not None and threshold is not None and ltv >= threshold:
            yield Finding(
                "CFG-002",
                f"parameters.{row.key}",
                row.value,
                f"ltv below liquidation_threshold from {row.effective_from}: {ltv:g} against {threshold:g}",
            )


def _in_force(venue: VenueConfig, key: str, day: date) -> float | None:
    rows = [row for row in venue.parameters if row.key == key and row.effective_from <= day]
    return max(rows, key=lambda row: row.effective_from).value if rows else None


def margin_thresholds_are_sane(venue: VenueConfig) -> Iterator[Finding]:
    yield from threshold_order("margin_thresholds", venue.margin_thresholds)
    if venue.margin_thresholds is None:
        return
    for symbol, rate in first_tier_rates(venue).items():
        if venue.margin_thresholds.critical <= rate:
            yield Finding(
                "CFG-002",
                "margin_thresholds.critical",
                venue.margin_thresholds.critical,
                f"above {rate:g}, the maintenance margin rate of {symbol} where the venue liquidates",
            )


def first_tier_rates(venue: VenueConfig) -> dict[str, float]:
    """The largest maintenance margin rate of the first tier, by perpetual."""
    return {
        symbol: max(schedule.tiers[0].maintenance_margin_rate for schedule in schedules)
        for symbol, schedules in (venue.margin_tiers or {}).items()
    }


def margin_tiers_cover_perps(venue: VenueConfig) -> Iterator[Finding]:
    if venue.products is None or venue.margin_tiers is None:
        return
    for symbol in venue.products.perp:
        if symbol not in venue.margin_tiers:
            yield Finding("CFG-003", f"margin_tiers.{symbol}", MISSING, "margin tiers for every perp in products")
    for symbol in venue.margin_tiers:
        if symbol not in venue.products.perp:
            yield Finding(
                "CFG-003",
                f"margin_tiers.{symbol}",
                "(set)",
                f"only perps in products: {', '.join(venue.products.perp)}",
            )


def margin_tiers_rise(venue: VenueConfig) -> Iterator[Finding]:
    for symbol, schedules in (venue.margin_tiers or {}).items():
        dates = [schedule.effective_from for schedule in schedules]
        if len(set(dates)) != len(dates):
            yield Finding(
                "CFG-002", f"margin_tiers.{symbol}", [day.isoformat() for day in dates], "one schedule a date"
            )
        for number, schedule in enumerate(schedules):
            yield from _schedule_rises(f"margin_tiers.{symbol}[{number}].tiers", schedule)


def _schedule_rises(key: str, schedule: MarginSchedule) -> Iterator[Finding]:
    if schedule.tiers[0].notional_floor != 0.0:
        yield Finding("CFG-002", f"{key}[0].notional_floor", schedule.tiers[0].notional_floor, "0 in the first tier")
    for number, tier in enumerate(schedule.tiers):
        if tier.maintenance_margin_rate >= tier.initial_margin_rate:
            yield Finding(
                "CFG-002",
                f"{key}[{number}].maintenance_margin_rate",
                tier.maintenance_margin_rate,
                f"below initial_margin_rate = {tier.initial_margin_rate:g}",
            )
    for number, (lower, upper) in enumerate(pairwise(schedule.tiers), start=1):
        for field in ("notional_floor", "maintenance_margin_rate", "initial_margin_rate"):
            if getattr(upper, field) <= getattr(lower, field):
                yield Finding(
                    "CFG-002",
                    f"{key}[{number}].{field}",
                    getattr(upper, field),
                    f"above {getattr(lower, field):g}, that of the tier before",
                )


RULES: tuple[VenueRule, ...] = (
    fields_fit_kind,
    parameters_are_complete,
    parameters_are_sane,
    ltv_below_liquidation_threshold,
    margin_thresholds_are_sane,
    margin_tiers_cover_perps,
    margin_tiers_rise,
)
