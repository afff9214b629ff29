"""What every rule module shares: the parsed files, what a rule reports, and the traits modes are told apart by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.config.mode import ModeConfig
from engine.config.share_class import ShareClassConfig
from engine.config.venue import VenueConfig


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one dotted key of the file under examination."""

    code: str
    key: str
    value: Any
    expected: str


@dataclass(frozen=True)
class Catalog:
    """The files that fit their schema, and the names of all files: a broken venue file is not an unknown venue.

    ``window`` is the window of a request; without one, the newest dated parameters are the measure.
    """

    modes: Mapping[str, ModeConfig]
    venues: Mapping[str, VenueConfig]
    share_classes: Mapping[str, ShareClassConfig]
    venue_names: frozenset[str]
    share_class_names: frozenset[str]
    window: tuple[date, date] | None = None


ModeRule = Callable[[ModeConfig, Catalog], Iterable[Finding]]
VenueRule = Callable[[VenueConfig], Iterable[Finding]]

# What a mode does, as far as rules about fields, data, metrics and P&L components depend on it.
TRAITS: Mapping[str, Callable[[ModeConfig], bool]] = {
    "always": lambda _mode: True,
    "lending_enabled": lambda mode: mode.lending_enabled,
    "staking_enabled": lambda mode: mode.staking_enabled,
    "basis_trade_enabled": lambda mode: mode.basis_trade_enabled,
    "borrowing_enabled": lambda mode: mode.borrowing_enabled,
    "rewards_mode other than base_only": lambda mode: mode.rewards_mode not in (None, "base_only"),
    "leverage or a hedge": lambda mode: mode.borrowing_enabled or mode.basis_trade_enabled,
    "an Ethereum node among the venues": lambda mode: "alchemy" in mode.venues,
}


def has_trait(mode: ModeConfig, trait: str) -> bool:
    return TRAITS[trait](mode)
