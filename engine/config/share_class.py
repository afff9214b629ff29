"""The currency a mode's result is measured in, and whether it may or must hedge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.config.base import Name, StrictModel, Text
from engine.config.mode import Asset


class ShareClassConfig(StrictModel):
    """``hedging: required`` means that exposure to anything but the currency must be hedged."""

    share_class: Name
    description: Text
    currency: Literal["USDT", "ETH"]
    hedging: Literal["required", "forbidden"]
    allowed_assets: Annotated[tuple[Asset, ...], Field(strict=False, min_length=1)]
