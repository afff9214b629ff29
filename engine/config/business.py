"""Level 2: rules of the business that one mode must keep, whatever its strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import fsum, isclose

from engine.config.base import Thresholds
from engine.config.mode import ModeConfig
from engine.config.rules import Catalog, Finding, ModeRule
from engine.config.venue import VenueConfig

SUM_TOLERANCE = 1e-9

# Per metric: is the critical level the lower one?
CRITICAL_IS_LOWER: Mapping[str, bool] = {
    "margin_thresholds": True,
    "ltv_thresholds": False,
    "health_factor_thresholds": True,
}

REWARDS_OF_LST: Mapping[str, tuple[str, ...]] = {
    "weeth": ("base_only", "base_eigen", "base_eigen_seasonal"),
    "wsteth": ("base_only",),
}


def hedging_fits_share_class(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    share_class = catalog.share_classes.get(mode.share_class)
    if share_class is None:
        return
    hedged = mode.basis_trade_enabled or mode.hedge_allocation is not None
    exposed = mode.asset != share_class.currency
    if share_class.hedging == "forbidden" and hedged:
        key = "hedge_allocation" if mode.hedge_allocation is not None else "basis_trade_enabled"
        yield Finding("CFG-002", key, getattr(mode, key), f"no hedge: share class {mode.share_class} never hedges")
    if share_class.hedging == "required" and exposed and not (mode.basis_trade_enabled and mode.hedge_allocation):
        yield Finding(
            "CFG-002",
            "hedge_allocation",
            mode.hedge_allocation,
            f"a hedge (basis_trade_enabled: true with hedge_allocation): share class {mode.share_class} "
            f"always hedges exposure to {mode.asset}",
        )


def asset_fits_share_class(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    share_class = catalog.share_classes.get(mode.share_class)
    if share_class is not None and mode.asset not in share_class.allowed_assets:
        yield Finding(
            "CFG-002",
            "asset",
            mode.asset,
            f"one of {', '.join(share_class.allowed_assets)}, the assets of share class {mode.share_class}",
        )


def allocations_sum_to_one(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    for key, shares in (("allocation", mode.allocation), ("hedge_allocation", mode.hedge_allocation)):
        if shares is not None and not isclose(fsum(shares.values()), 1.0, rel_tol=0.0, abs_tol=SUM_TOLERANCE):
            yield Finding("CFG-002", key, shares, f"shares that sum to 1, not {fsum(shares.values()):.12g}")


def rewards_fit_lst(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    if mode.lst_type is None or mode.rewards_mode is None:
        return
    allowed = REWARDS_OF_LST[mode.lst_type]
    if mode.rewards_mode not in allowed:
        yield Finding(
            "CFG-002",
            "rewards_mode",
            mode.rewards_mode,
            f"one of {', '.join(allowed)}, the rewards of lst_type {mode.lst_type}",
        )


def threshold_order(key: str, thresholds: Thresholds | None) -> Iterator[Finding]:
    """Warning must come before critical, in the direction the metric moves when things get worse."""
    if thresholds is None:
        return
    lower = CRITICAL_IS_LOWER[key]
    in_order = thresholds.critical < thresholds.warning if lower else thresholds.critical > thresholds.warning
    if not in_order:
        yield Finding(
            "CFG-002",
            f"{key}.critical",
            thresholds.critical,
            f"{'below' if lower else 'above'} {key}.warning = {thresholds.warning:g}",
        )


def warning_before_critical(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    for key in CRITICAL_IS_LOWER:
        yield from threshold_order(key, getattr(mode, key))


def leverage_below_thresholds(mode: ModeConfig, catalog: Catalog) -> Iterator[Finding]:
    """target < warning < critical < liquidation threshold, target < maximum LTV, and the same in health factors."""
    if mode.target_ltv is None:
        return
    if mode.ltv_thresholds is not None and mode.target_ltv >= mode.ltv_thresholds.warning:
        yield Finding(
            "CFG-002", "target_ltv", mode.target_ltv, f"below ltv_thresholds.warning = {mode.ltv_thresholds.warning:g}"
        )
    health = mode.health_factor_thresholds
    if health is not None and health.critical <= 1.0:
        yield Finding(
            "CFG-002", "health_factor_thresholds.critical", health.critical, "above 1, where the position is liquidated"
        )
    for name, limits in _emode_limits(mode, catalog):
        yield from _leverage_below_emode(mode, f"{name} e-mode", *limits)


def _leverage_below_emode(mode: ModeConfig, name: str, max_ltv: float, liquidation: float) -> Iterator[Finding]:
    target, ltv, health = mode.target_ltv, mode.ltv_thresholds, mode.health_factor_thresholds
    if target is not None and target >= max_ltv:
        yield Finding("CFG-002", "target_ltv", target, f"below {max_ltv:g}, the largest LTV of {name}")
    if ltv is not None and ltv.critical >= liquidation:
        yield Finding(
            "CFG-002",
            "ltv_thresholds.critical",
            ltv.critical,
            f"below {liquidation:g}, the liquidation threshold of {name}",
        )
    if target is not None and health is not None and liquidation / target <= health.warning:
        yield Finding(
            "CFG-002",
            "health_factor_thresholds.warning",
            health.warning,
            f"below {liquidation / target:.6g}, the health factor at target_ltv = {target:g} in {name}",
        )


def _emode_limits(mode: ModeConfig, catalog: Catalog) -> Iterator[tuple[str, tuple[float, float]]]:
    """Per lending venue of the mode, the tightest e-mode (LTV, liquidation threshold) in force in the window."""
    for venue_name in mode.venues:
        venue = catalog.venues.get(venue_name)
        if mode.lst_token is None or venue is None or venue.kind != "lending":
            continue
        ltvs = _values(venue, f"emode.{mode.lst_token}.ltv", catalog)
        thresholds = _values(venue, f"emode.{mode.lst_token}.liquidation_threshold", catalog)
        if ltvs and thresholds:
            yield f"{venue_name} {mode.lst_token}", (min(ltvs), min(thresholds))


def _values(venue: VenueConfig, key: str, catalog: Catalog) -> list[float]:
    rows = [row for row in venue.parameter_rows() if row.key == key]
    if catalog.window is None:
        return [row.value for row in rows[-1:]]
    start, end = catalog.window
    before = [row for row in rows if row.effective_from <= start][-1:]
    return [row.value for row in (*before, *(row for row in rows if start < row.effective_from <= end))]


RULES: tuple[ModeRule, ...] = (
    hedging_fits_share_class,
    asset_fits_share_class,
    allocations_sum_to_one,
    rewards_fit_lst,
    warning_before_critical,
    leverage_below_thresholds,
)
