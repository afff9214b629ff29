"""What one mode file says: the strategy, its parameters, and the data the engine may read for it."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from engine.config.base import (
    Fraction,
    Name,
    NameByToken,
    Names,
    Pairs,
    Positive,
    PositiveFraction,
    SeriesKeys,
    Shares,
    StrictModel,
    Text,
    Thresholds,
    Tokens,
)

StrategyFamily = Literal["lending", "basis_trade", "staking", "leveraged_staking", "hedged_staking"]
Asset = Literal["USDT", "BTC", "ETH"]
LstType = Literal["weeth", "wsteth"]
RewardsMode = Literal["base_only", "base_eigen", "base_eigen_seasonal"]
RiskMetric = Literal["margin_ratio", "maintenance_ratio", "delta", "health_factor", "ltv", "peg"]
PnlComponent = Literal[
    "supply_yield",
    "staking_yield_oracle",
    "borrow_costs",
    "delta_pnl",
    "basis_pnl",
    "funding_pnl",
    "staking_yield_rewards",
    "dust_pnl",
    "gas",
    "trading_fees",
    "slippage",
    "flash_loan_fee",
    "liquidation_pnl",
]

STRATEGY_FAMILIES: tuple[str, ...] = get_args(StrategyFamily)
LST_TOKENS = {"weeth": "weETH", "wsteth": "wstETH"}


class RiskMonitorConfig(StrictModel):
    metrics: Annotated[tuple[RiskMetric, ...], Field(strict=False)]


class ExposureMonitorConfig(StrictModel):
    assets: Tokens


class PnlCalculatorConfig(StrictModel):
    components: Annotated[tuple[PnlComponent, ...], Field(strict=False, min_length=1)]


class ReconciliationConfig(StrictModel):
    """``tolerance``: largest relative difference between expected and observed balance."""

    tolerance: Annotated[float, Field(gt=0.0, le=1.0e-6)]


class ComponentConfig(StrictModel):
    """Behaviour switches, one block a component, so that no component asks which mode it serves."""

    risk_monitor: RiskMonitorConfig
    exposure_monitor: ExposureMonitorConfig
    pnl_calculator: PnlCalculatorConfig
    reconciliation: ReconciliationConfig


class Limits(StrictModel):
    """``max_seconds`` of wall clock and ``max_memory_mb`` of resident memory one run may use."""

    max_seconds: Annotated[int, Field(gt=0)]
    max_memory_mb: Annotated[int, Field(gt=0)]


class DataRequirements(StrictModel):
    """Exactly the series the engine may read; ``venue:SYMBOL``, assets, LSTs and pairs as the tables spell them."""

    spot_prices: SeriesKeys
    perp_prices: SeriesKeys
    funding_rates: SeriesKeys
    aave_reserves: Tokens
    lst_rates: Tokens
    gas_prices: bool
    execution_costs: Pairs
    reward_distributions: Tokens


class ModeConfig(StrictModel):
    """One mode.  Ratios are fractions, capital is in the share-class currency, thresholds in their metric's unit.

    ``allocation`` are shares of equity, ``hedge_allocation`` shares of the short (and of the margin) per venue,
    ``position_deviation_threshold`` and ``delta_tolerance`` are fractions of equity, ``minimum_trade_usd`` the notional
    below which a rebalancing trade or transfer is not worth its cost.  Fields that are ``None`` do
    not exist for the mode; which must and which must not exist is declared in ``engine.config.fields``.
    """

    mode: Name
    description: Text
    strategy: StrategyFamily
    share_class: Name
    asset: Asset
    lending_enabled: bool
    staking_enabled: bool
    basis_trade_enabled: bool
    borrowing_enabled: bool
    initial_capital: Positive
    allocation: Shares
    hedge_allocation: Shares | None = None
    spot_venue: Name | None = None
    venues: Names
    price_venue: NameByToken
    position_deviation_threshold: PositiveFraction
    delta_tolerance: PositiveFraction
    margin_thresholds: Thresholds | None = None
    valuation: Literal["oracle", "market"]
    lst_type: LstType | None = None
    rewards_mode: RewardsMode | None = None
    target_ltv: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    ltv_thresholds: Thresholds | None = None
    health_factor_thresholds: Thresholds | None = None
    peg_thresholds: Thresholds | None = None
    exit_route: Literal["cheapest", "queue", "dex"] | None = None
    after_liquidation: Literal["rebalance", "stand_down"] | None = None
    reserve_ratio: Fraction | None = None
    minimum_trade_usd: Positive | None = None
    dust_threshold_usd: Positive | None = None
    target_apy: Annotated[float, Field(gt=-1.0)]
    max_drawdown: PositiveFraction
    limits: Limits
    component_config: ComponentConfig
    data_requirements: DataRequirements

    @property
    def lst_token(self) -> str | None:
        """The LST as market tables and positions spell it (``weETH``), or None."""
        return None if self.lst_type is None else LST_TOKENS[self.lst_type]

    @property
    def perp_symbol(self) -> str:
        """The perpetual contract on the mode's asset, e.g. ``BTCUSDT``."""
        return f"{self.asset}USDT"

    @property
    def hedge_venues(self) -> tuple[str, ...]:
        """The venues that carry the short, in the order of the file; empty without a hedge."""
        return () if self.hedge_allocation is None else tuple(self.hedge_allocation)
