"""Configuration: strict models, five levels of validation, one immutable slice a run."""

from engine.config.cash_flows import RequestedFlow
from engine.config.configuration import Configuration, load_configuration
from engine.config.data_needs import needed_data
from engine.config.mode import DataRequirements, ModeConfig
from engine.config.run import CashFlowConfig, RunConfig
from engine.config.settings import Settings, load_settings, merged_environment
from engine.config.share_class import ShareClassConfig
from engine.config.validation import configuration_problems
from engine.config.venue import MarginSchedule, MarginTier, ParameterRow, VenueConfig

__all__ = [
    "CashFlowConfig",
    "Configuration",
    "DataRequirements",
    "MarginSchedule",
    "MarginTier",
    "ModeConfig",
    "ParameterRow",
    "RequestedFlow",
    "RunConfig",
    "Settings",
    "ShareClassConfig",
    "VenueConfig",
    "configuration_problems",
    "load_configuration",
    "load_settings",
    "merged_environment",
    "needed_data",
]
