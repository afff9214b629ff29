"""Level 3: which fields, switches and allocation keys a strategy family must have and which it may not have.

Two tables say it all; a new family is a new row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.config.mode import ModeConfig
from engine.config.rules import Catalog, Finding, ModeRule, has_trait
from engine.config.schema import MISSING


@dataclass(frozen=True, slots=True)
class Family:
    """Switches of a family (those not named are free), its allocation keys, the venue kinds it cannot do without."""

    switches: Mapping[str, bool]
    allocation: frozenset[str]
    venue_kinds: frozenset[str]
    same_switches: tuple[tuple[str, str], ...] = ()


FAMILIES: Mapping[str, Family] = {
    "lending": Family(
        {"lending_enabled": True, "staking_enabled": False, "basis_trade_enabled": False, "borrowing_enabled": False},
        frozenset({"lending"}),
        frozenset({"lending", "node"}),
    ),
    "basis_trade": Family(
        {"lending_enabled": False, "staking_enabled": False, "basis_trade_enabled": True, "borrowing_enabled": False},
        frozenset({"spot", "margin"}),
        frozenset({"exchange", "node"}),
    ),
    "staking": Family(
        {"lending_enabled": False, "staking_enabled": True, "basis_trade_enabled": False, "borrowing_enabled": False},
        frozenset({"stake"}),
        frozenset({"staking", "node"}),
    ),
    "leveraged_staking": Family(
        {"lending_enabled": True, "staking_enabled": True, "basis_trade_enabled": False, "borrowing_enabled": True},
        frozenset({"stake"}),
        frozenset({"staking", "lending", "flash_loan", "node"}),
    ),
    "hedged_staking": Family(
        {"staking_enabled": True, "basis_trade_enabled": True},
        frozenset({"stake", "margin"}),
        frozenset({"staking", "exchange", "node"}),
        same_switches=(("lending_enabled", "borrowing_enabled"),),
    ),
}


@dataclass(frozen=True, slots=True)
class FieldRule:
    """``field`` exists only with ``trait``; with it, it must (``required``) or may exist."""

    field: str
    trait: str
    required: bool = True


FIELD_RULES = (
    FieldRule("hedge_allocation", "basis_trade_enabled"),
    FieldRule("spot_venue", "basis_trade_enabled"),
    FieldRule("minimum_trade_usd", "basis_trade_enabled"),
    FieldRule("margin_thresholds", "basis_trade_enabled", required=False),
    FieldRule("lst_type", "staking_enabled"),
    FieldRule("rewards_mode", "staking_enabled"),
    FieldRule("target_ltv", "borrowing_enabled"),
    FieldRule("ltv_thresholds", "borrowing_enabled"),
    FieldRule("health_factor_thresholds", "borrowing_enabled"),
    FieldRule("peg_thresholds", "staking_enabled"),
    FieldRule("exit_route", "staking_enabled"),
    FieldRule("after_liquidation", "leverage or a hedge"),
    FieldRule("dust_threshold_usd", "rewards_mode other than base_only"),
)


def switches_fit_family(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    family = FAMILIES[mode.strategy]
    for switch, needed in family.switches.items():
        if getattr(mode, switch) is not needed:
            yield Finding("CFG-003", switch, getattr(mode, switch), f"{needed}, for strategy {mode.strategy}")
    for switch, other in family.same_switches:
        if getattr(mode, switch) is not getattr(mode, other):
            yield Finding(
                "CFG-003", switch, getattr(mode, switch), f"the same as {other}, for strategy {mode.strategy}"
            )


def allocation_fits_family(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    needed = FAMILIES[mode.strategy].allocation
    if set(mode.allocation) != needed:
        yield Finding(
            "CFG-003",
            "allocation",
            mode.allocation,
            f"exactly the keys {', '.join(sorted(needed))}, for strategy {mode.strategy}",
        )


def fields_fit_traits(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    for rule in FIELD_RULES:
        value = getattr(mode, rule.field)
        if has_trait(mode, rule.trait):
            if value is None and rule.required:
                yield Finding("CFG-003", rule.field, MISSING, f"a value, required with {rule.trait}")
        elif value is not None:
            yield Finding("CFG-003", rule.field, value, f"no such field, it is for modes with {rule.trait}")


def venues_fit_family(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    if not set(mode.venues) <= set(catalog.venues):
        return
    kinds = {catalog.venues[name].kind for name in mode.venues}
    needed = set(FAMILIES[mode.strategy].venue_kinds)
    if mode.borrowing_enabled:
        needed |= FAMILIES["leveraged_staking"].venue_kinds
    for kind in sorted(needed - kinds):
        offers = sorted(name for name, venue in catalog.venues.items() if venue.kind == kind)
        yield Finding(
            "CFG-003",
            "venues",
            list(mode.venues),
            f"a venue of kind {kind} ({', '.join(offers) or 'none is configured'}), for strategy {mode.strategy}",
        )


RULES: tuple[ModeRule, ...] = (switches_fit_family, allocation_fits_family, fields_fit_traits, venues_fit_family)
