"""Stress: what sudden moves of the market would have done to a run."""

from engine.stress.case import Case
from engine.stress.scenarios import Reference, Scenario, scenarios
from engine.stress.table import Outcome, StressRow, StressTable, stress

__all__ = ["Case", "Outcome", "Reference", "Scenario", "StressRow", "StressTable", "scenarios", "stress"]
