"""The effective, immutable configuration of one run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from engine.config.base import FREEZE_MAPPING, Name, Positive, StrictModel
from engine.config.mode import ModeConfig
from engine.config.share_class import ShareClassConfig
from engine.config.venue import VenueConfig


class RunConfig(StrictModel):
    """One mode with its overrides applied, the venues it touches, its share class, its window and its capital.

    The window is ``start`` 00:00 to ``end`` 23:00 UTC, both inclusive.  ``initial_capital`` is in the share-class
    currency and equals ``mode.initial_capital``.  ``allow_proxies``: may declared proxies stand in for missing rows?
    """

    mode: ModeConfig
    venues: Annotated[Mapping[Name, VenueConfig], *FREEZE_MAPPING]
    share_class: ShareClassConfig
    start: date
    end: date
    initial_capital: Positive
    allow_proxies: bool

    def as_dict(self) -> dict[str, Any]:
        """The whole configuration in JSON types."""
        return self.model_dump(mode="json")

    @cached_property
    def config_hash(self) -> str:
        """SHA-256 of the canonical JSON (sorted keys, no white space): equal configurations have equal hashes."""
        canonical = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()
