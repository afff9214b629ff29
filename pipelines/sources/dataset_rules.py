"""The validation rules a dataset file may declare, and which rows it may leave out, as strict models.

A rule that is not written in a dataset file is not applied to that dataset.  What each rule does,
and whether it blocks, is documented in :data:`pipelines.validation.rules.RULES`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Instant = Annotated[
    AwareDatetime, BeforeValidator(lambda value: datetime.fromisoformat(value) if isinstance(value, str) else value)
]


class StrictModel(BaseModel):
    """Frozen, and a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class InvalidPeriod(StrictModel):
    """Rows from ``start`` to ``end`` (both included) are declared unsound: quarantined with ``reason``, then holes."""

    start: Instant
    end: Instant
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self


class ObservedOnly(StrictModel):
    """Interpolated file: only rows at these UTC ``hours`` are observations; the others are dropped and counted."""

    hours: list[int] = Field(min_length=1)
    reason: str = Field(min_length=1)


class SelectRows(StrictModel):
    """Only rows whose raw ``column`` has one of ``values`` are read; the others are dropped and counted."""

    column: str
    values: list[str] = Field(min_length=1)
    reason: str = Field(min_length=1)


class VwapRule(StrictModel):
    """quote_volume / volume lies inside [low, high], within ``tolerance`` (relative)."""

    volume: str
    quote_volume: str
    tolerance: float = Field(ge=0)


class MonotoneRule(StrictModel):
    """An index never falls by more than ``tolerance`` nor grows faster than ``max_growth_per_day`` (fractions)."""

    columns: list[str] = Field(min_length=1)
    tolerance: float = Field(ge=0)
    max_growth_per_day: float = Field(gt=0)


class IndexOrderRule(StrictModel):
    """Over the whole series ``slower`` does not outgrow ``faster``: suppliers share what borrowers pay."""

    slower: str
    faster: str


class SuspiciousReturnRule(StrictModel):
    """A relative change from one row of ``column`` to the next beyond ``threshold`` is reported, never removed."""

    column: str
    threshold: float = Field(gt=0)


class PlaceholderRule(StrictModel):
    """Too few rows, or a ramp: ``column`` moves by fewer than ``min_distinct_increments`` different steps."""

    column: str
    min_rows: int = Field(ge=1)
    min_distinct_increments: int = Field(ge=2)


class SampleAgeRule(StrictModel):
    """How far the true sample time in ``column`` may be from the label before the row is counted as stale."""

    column: str
    max_minutes: int = Field(gt=0)


class Bounds(StrictModel):
    """Closed interval a value must lie in."""

    min: float
    max: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max:
            raise ValueError(f"min {self.min} must be below max {self.max}")
        return self


class RulesConfig(StrictModel):
    """The rules of one dataset; columns are canonical names of that dataset."""

    positive: list[str] = Field(default_factory=list)
    ohlc_order: bool = False
    bar_continuity: float | None = Field(default=None, gt=0)
    bounds: dict[str, Bounds] = Field(default_factory=dict)
    monotone: MonotoneRule | None = None
    index_order: IndexOrderRule | None = None
    vwap: VwapRule | None = None
    suspicious_return: SuspiciousReturnRule | None = None
    placeholder: PlaceholderRule | None = None
    sample_age: SampleAgeRule | None = None

    def columns_used(self) -> set[str]:
        """Canonical columns the declared rules read."""
        used = {*self.positive, *self.bounds}
        if self.ohlc_order or self.vwap:
            used |= {"open", "high", "low", "close"}
        if self.bar_continuity is not None:
            used |= {"open", "close"}
        if self.monotone:
            used |= set(self.monotone.columns)
        if self.index_order:
            used |= {self.index_order.slower, self.index_order.faster}
        if self.vwap:
            used |= {self.vwap.volume, self.vwap.quote_volume}
        used |= {rule.column for rule in (self.suspicious_return, self.placeholder, self.sample_age) if rule}
        return used
