"""Market tables out of validated loads, and the hourly panel a run reads out of them."""

from pipelines.market.cross_venue import cross_venue_checks
from pipelines.market.panel import PanelBuild, build_panel
from pipelines.market.schema import MARKET_SCHEMAS, RISK_PARAMETERS_SCHEMA, MarketTable
from pipelines.market.source import MarketSource
from pipelines.market.tables import build_market_table, build_risk_parameters

__all__ = [
    "MARKET_SCHEMAS",
    "RISK_PARAMETERS_SCHEMA",
    "MarketSource",
    "MarketTable",
    "PanelBuild",
    "build_market_table",
    "build_panel",
    "build_risk_parameters",
    "cross_venue_checks",
]
