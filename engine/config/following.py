"""What follows from a request's overrides: lists that merely restate the rest of a mode are brought up to date.

A mode file must spell out its data requirements, P&L components and risk metrics, so that a reader sees them.  A
request that overrides, say, ``rewards_mode`` changes what those lists must say; unless it gives them itself, they
follow.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.config.components import COMPONENTS, METRICS
from engine.config.data_needs import needed_data
from engine.config.mode import ModeConfig
from engine.config.rules import has_trait


def follow(mode: ModeConfig, overridden: Iterable[str]) -> ModeConfig:
    """``mode`` with the lists that ``overridden`` (dotted or plain keys) does not name following the rest."""
    named = {key.split(".", 1)[0] for key in overridden}
    if not named:
        return mode
    changes: dict[str, object] = {}
    if "data_requirements" not in named:
        changes["data_requirements"] = needed_data(mode)
    if "component_config" not in named:
        config = mode.component_config
        components = tuple(name for name, traits in COMPONENTS.items() if any(has_trait(mode, t) for t in traits))
        metrics = tuple(name for name, (traits, _) in METRICS.items() if any(has_trait(mode, t) for t in traits))
        changes["component_config"] = config.model_copy(
            update={
                "pnl_calculator": config.pnl_calculator.model_copy(update={"components": components}),
                "risk_monitor": config.risk_monitor.model_copy(update={"metrics": metrics}),
            }
        )
    return mode.model_copy(update=changes)
