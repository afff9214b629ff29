"""The effective, immutable configuration of one run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from engine.config.base import FREEZE_MAPPING, Name, Positive, StrictModel
from engine.config.mode import ModeConfig
from engine.config.share_class import ShareClassConfig
from engine.config.venue import VenueConfig


class CashFlowConfig(StrictModel):
    """A deposit (> 0) or a withdrawal (< 0) of ``amount`` in the share-class currency at an hour boundary."""

    at: datetime
    amount: float


class RunConfig(StrictModel):
    """One mode with its overrides applied, the venues it touches, its share class, its window and its capital.

    The window is ``start`` 00:00 to ``end`` 23:00 UTC, both inclusive.  ``initial_capital`` is in the share-class
    currency and equals ``mode.initial_capital``.  ``allow_proxies``: may declared proxies stand in for missing rows?
    ``cash_flows`` are deposits and withdrawals by schedule; ``close_at_end`` leaves every position at the last hour.
    """

    mode: ModeConfig
    venues: Annotated[Mapping[Name, VenueConfig], *FREEZE_MAPPING]
    share_class: ShareClassConfig
    start: date
    end: date
    initial_capital: Positive
    allow_proxies: bool
    cash_flows: Annotated[tuple[CashFlowConfig, ...], Field(strict=False)] = ()
    close_at_end: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The whole configuration in JSON types."""
        return self.model_dump(mode="json")

    @cached_property
    def config_hash(self) -> str:
        """SHA-256 of the canonical JSON (sorted keys, no white space): equal configurations have equal hashes."""
        canonical = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()
