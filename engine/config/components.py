"""Level 3 for ``component_config``: which metrics and P&L components a mode can have, and which it must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.config.mode import ModeConfig
from engine.config.rules import Catalog, Finding, ModeRule, has_trait

# Metric -> (traits, one of which it needs; whether it is required with them).
METRICS: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "margin_ratio": (("basis_trade_enabled",), True),
    "maintenance_ratio": (("basis_trade_enabled",), True),
    "delta": (("basis_trade_enabled",), True),
    "health_factor": (("borrowing_enabled",), True),
    "ltv": (("borrowing_enabled",), True),
    "peg": (("staking_enabled",), True),
}

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "supply_yield": ("lending_enabled",),
    "staking_yield_oracle": ("staking_enabled",),
    "borrow_costs": ("borrowing_enabled",),
    "delta_pnl": ("always",),
    "basis_pnl": ("basis_trade_enabled",),
    "funding_pnl": ("basis_trade_enabled",),
    "staking_yield_rewards": ("rewards_mode other than base_only",),
    "dust_pnl": ("rewards_mode other than base_only",),
    "gas": ("an Ethereum node among the venues",),
    "trading_fees": ("basis_trade_enabled",),
    "slippage": ("basis_trade_enabled", "staking_enabled"),
    "flash_loan_fee": ("borrowing_enabled",),
    "liquidation_pnl": ("basis_trade_enabled", "borrowing_enabled"),
}


def metrics_fit_mode(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    key, asked = "component_config.risk_monitor.metrics", mode.component_config.risk_monitor.metrics
    for metric, (traits, required) in METRICS.items():
        possible = any(has_trait(mode, trait) for trait in traits)
        if metric in asked and not possible:
            yield Finding("CFG-003", key, metric, f"no {metric}, it is for modes with {' or '.join(traits)}")
        if metric not in asked and possible and required:
            yield Finding("CFG-003", key, list(asked), f"{metric} as well, required with {' or '.join(traits)}")


def components_fit_mode(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    """Every component that can be non-zero must be listed, or P&L could not add up."""
    key, asked = "component_config.pnl_calculator.components", mode.component_config.pnl_calculator.components
    for component, traits in COMPONENTS.items():
        possible = any(has_trait(mode, trait) for trait in traits)
        if component in asked and not possible:
            yield Finding("CFG-003", key, component, f"no {component}, it is for modes with {' or '.join(traits)}")
        if component not in asked and possible:
            yield Finding("CFG-003", key, list(asked), f"{component} as well: this mode can earn or lose by it")


def exposures_cover_asset(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    key, asked = "component_config.exposure_monitor.assets", mode.component_config.exposure_monitor.assets
    for token in mode.price_venue:
        if token not in asked:
            yield Finding("CFG-003", key, list(asked), f"{token} as well: price_venue says the mode can hold it")


RULES: tuple[ModeRule, ...] = (metrics_fit_mode, components_fit_mode, exposures_cover_asset)
