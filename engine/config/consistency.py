"""Level 5: do the files agree with each other?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from engine.config.base import Thresholds
from engine.config.data_needs import REWARD_TOKENS, reward_price_series
from engine.config.mode import ModeConfig
from engine.config.rules import Catalog, Finding, ModeRule
from engine.config.venue_rules import KINDS, first_tier_rates

SANE_RESERVE = (0.05, 0.20)
RESERVE_PARAMETERS = ("ltv", "liquidation_threshold", "liquidation_bonus", "reserve_factor")
EMODE_PARAMETERS = ("ltv", "liquidation_threshold", "liquidation_bonus")
STAKING_VENUE = {"weeth": "etherfi", "wsteth": "lido"}


def share_class_exists(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    if mode.share_class not in catalog.share_class_names:
        yield Finding(
            "CFG-004",
            "share_class",
            mode.share_class,
            f"one of the files in share_classes/: {', '.join(sorted(catalog.share_class_names))}",
        )


def venues_exist(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    known = ", ".join(sorted(catalog.venue_names))
    for number, name in enumerate(mode.venues):
        if name not in catalog.venue_names:
            yield Finding("CFG-004", f"venues[{number}]", name, f"one of the files in venues/: {known}")
    if len(set(mode.venues)) != len(mode.venues):
        yield Finding("CFG-004", "venues", list(mode.venues), "each venue once")
    for key, name in _trading_venues(mode):
        if name not in mode.venues:
            yield Finding("CFG-004", key, name, f"one of the mode's own venues: {', '.join(mode.venues)}")
    for token, name in mode.price_venue.items():
        if name not in catalog.venue_names:
            yield Finding("CFG-004", f"price_venue.{token}", name, f"one of the files in venues/: {known}")


def _trading_venues(mode: ModeConfig) -> Iterator[tuple[str, str]]:
    for name in mode.hedge_venues:
        yield f"hedge_allocation.{name}", name
    if mode.spot_venue is not None:
        yield "spot_venue", mode.spot_venue
    if mode.lst_type is not None:
        yield "lst_type", STAKING_VENUE[mode.lst_type]


def venues_offer_products(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    for name in mode.hedge_venues:
        yield from _offers(catalog, f"hedge_allocation.{name}", name, "perp", mode.perp_symbol)
    if mode.spot_venue is not None:
        yield from _offers(catalog, "spot_venue", mode.spot_venue, "spot", mode.perp_symbol)
    for token, name in mode.price_venue.items():
        yield from _offers(catalog, f"price_venue.{token}", name, "spot", f"{token}USDT")


def series_come_from_products(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    """Every ``venue:SYMBOL`` asked for must be a product of a known venue, reward prices on their DEX apart."""
    reward_prices = {reward_price_series(token) for tokens in REWARD_TOKENS.values() for token in tokens}
    for field, product in (("spot_prices", "spot"), ("perp_prices", "perp"), ("funding_rates", "perp")):
        for number, series in enumerate(getattr(mode.data_requirements, field)):
            if series in reward_prices:
                continue
            name, symbol = series.split(":")
            key = f"data_requirements.{field}[{number}]"
            if name not in catalog.venue_names:
                yield Finding("CFG-004", key, series, f"a venue of: {', '.join(sorted(catalog.venue_names))}")
            yield from _offers(catalog, key, name, product, symbol, shown=series)


def _offers(
    catalog: Catalog, key: str, name: str, product: str, symbol: str, shown: str | None = None
) -> Iterator[Finding]:
    venue = catalog.venues.get(name)
    if venue is None:
        return
    value = shown or name
    if venue.kind != "exchange" or venue.products is None:
        exchanges = sorted(other for other, config in catalog.venues.items() if config.kind == "exchange")
        yield Finding("CFG-004", key, value, f"an exchange: {', '.join(exchanges)}; {name} is of kind {venue.kind}")
    elif symbol not in getattr(venue.products, product):
        yield Finding(
            "CFG-004",
            key,
            value,
            f"a venue whose {product} products hold {symbol}; {name} offers "
            f"{', '.join(getattr(venue.products, product)) or 'none'}",
        )


def lending_venues_know_reserves(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    """Risk parameters of each reserve the mode uses, and the e-mode of the LST it borrows against."""
    for name in mode.venues:
        venue = catalog.venues.get(name)
        if venue is None or venue.kind != "lending":
            continue
        present = {row.key for row in venue.parameters}
        for key in _lending_parameters(mode):
            if key not in present:
                yield Finding("CFG-004", "venues", name, f"a lending venue with parameter {key} in venues/{name}.yaml")


def _lending_parameters(mode: ModeConfig) -> Iterator[str]:
    for asset in mode.data_requirements.aave_reserves:
        yield from (f"reserve.{asset}.{field}" for field in RESERVE_PARAMETERS)
    if mode.borrowing_enabled and mode.lst_token is not None:
        yield from (f"emode.{mode.lst_token}.{field}" for field in EMODE_PARAMETERS)


def parameters_in_force(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    """On the first day of a request's window, every dated parameter the mode reads must be in force."""
    if catalog.window is None:
        return
    start = catalog.window[0]
    for name in mode.venues:
        venue = catalog.venues.get(name)
        if venue is None:
            continue
        needed = {*KINDS[venue.kind].parameters, *(_lending_parameters(mode) if venue.kind == "lending" else ())}
        first: dict[str, date] = {}
        for row in venue.parameter_rows():
            if row.key in needed or row.key == f"perp.{mode.perp_symbol}.tier1.notional_floor":
                first.setdefault(row.key, row.effective_from)
        for key, day in first.items():
            if day > start:
                yield Finding(
                    "CFG-007",
                    "start",
                    start.isoformat(),
                    f"on or after {day.isoformat()}, from when {key} is known in venues/{name}.yaml",
                )


def reserve_ratio_is_sane(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    low, high = SANE_RESERVE
    if mode.reserve_ratio is not None and not low <= mode.reserve_ratio <= high:
        yield Finding("CFG-004", "reserve_ratio", mode.reserve_ratio, f"{low:g} to {high:g}")


def margin_survives_entry(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    """Thresholds in force (the mode's, else the venue's) lie between the liquidation point and the entry margin."""
    entry = _entry_margin_ratio(mode)
    for name in mode.hedge_venues:
        venue = catalog.venues.get(name)
        thresholds = mode.margin_thresholds or (venue.margin_thresholds if venue is not None else None)
        if venue is None or thresholds is None:
            continue
        if mode.margin_thresholds is not None:
            yield from _above_liquidation(mode, name, mode.margin_thresholds, first_tier_rates(venue))
        if entry is not None and entry <= thresholds.warning:
            yield Finding(
                "CFG-004",
                "allocation.margin",
                mode.allocation["margin"],
                f"a margin ratio at entry above the warning {thresholds.warning:g} of {name}; it is {entry:g}",
            )


def _above_liquidation(
    mode: ModeConfig, name: str, thresholds: Thresholds, rates: dict[str, float]
) -> Iterator[Finding]:
    if mode.perp_symbol in rates and thresholds.critical <= rates[mode.perp_symbol]:
        yield Finding(
            "CFG-004",
            "margin_thresholds.critical",
            thresholds.critical,
            f"above {rates[mode.perp_symbol]:g}, the maintenance margin rate of {mode.perp_symbol} at {name}",
        )


def _entry_margin_ratio(mode: ModeConfig) -> float | None:
    """Margin over short notional: margin and short are split by the same shares, so all venues start alike."""
    margin = mode.allocation.get("margin")
    hedged = [share for key, share in mode.allocation.items() if key in ("spot", "stake")]
    return None if margin is None or not hedged or hedged[0] <= 0.0 else margin / hedged[0]


RULES: tuple[ModeRule, ...] = (
    share_class_exists,
    venues_exist,
    venues_offer_products,
    series_come_from_products,
    lending_venues_know_reserves,
    parameters_in_force,
    reserve_ratio_is_sane,
    margin_survives_entry,
)
