"""What one venue file says: products, margin thresholds, and every parameter as a dated row with a source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.config.base import FREEZE_MAPPING, Name, StrictModel, Symbol, Symbols, Text, Thresholds
from engine.errors import BasisError

VenueKind = Literal["exchange", "lending", "staking", "flash_loan", "node"]
Unit = Literal["bps", "fraction", "gas", "hours", "usdt", "version"]
ParameterKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$")]


class ParameterRow(StrictModel):
    """``value`` of ``key`` in ``unit``, in force from ``effective_from`` 00:00 UTC until a newer row."""

    effective_from: date
    venue: Name
    key: ParameterKey
    value: float
    unit: Unit
    source: Text


class Parameter(StrictModel):
    key: ParameterKey
    effective_from: date
    value: float
    unit: Unit
    source: Text


class MarginTier(StrictModel):
    """A bracket from ``notional_floor`` (USDT at mark) upwards; rates are fractions of notional."""

    notional_floor: Annotated[float, Field(ge=0.0)]
    maintenance_margin_rate: Annotated[float, Field(gt=0.0, lt=1.0)]
    initial_margin_rate: Annotated[float, Field(gt=0.0, le=1.0)]


class MarginSchedule(StrictModel):
    effective_from: date
    source: Text
    tiers: Annotated[tuple[MarginTier, ...], Field(strict=False, min_length=1)]

    def deductions(self) -> tuple[float, ...]:
        """USDT to deduct per tier, so that maintenance margin is continuous in notional.

        ``deduction_n = floor_n · (mmr_n − mmr_(n−1)) + deduction_(n−1)`` (Bybit's "deduction", Binance's
        "maintenance amount").
        """
        amounts = [0.0]
        for lower, upper in pairwise(self.tiers):
            step = upper.maintenance_margin_rate - lower.maintenance_margin_rate
            amounts.append(amounts[-1] + upper.notional_floor * step)
        return tuple(amounts)


class Products(StrictModel):
    spot: Symbols
    perp: Symbols


class VenueConfig(StrictModel):
    venue: Name
    label: Text
    kind: VenueKind
    products: Products | None = None
    margin_thresholds: Thresholds | None = None
    parameters: Annotated[tuple[Parameter, ...], Field(strict=False)]
    margin_tiers: (
        Annotated[
            Mapping[Symbol, Annotated[tuple[MarginSchedule, ...], Field(strict=False, min_length=1)]], *FREEZE_MAPPING
        ]
        | None
    ) = None

    def parameter_rows(self) -> list[ParameterRow]:
        """Every parameter, margin tiers included, as flat dated rows sorted by key and date."""
        rows = [ParameterRow(venue=self.venue, **dict(parameter)) for parameter in self.parameters]
        rows.extend(self._tier_rows())
        return sorted(rows, key=lambda row: (row.key, row.effective_from))

    def _tier_rows(self) -> Iterator[ParameterRow]:
        for symbol, schedules in (self.margin_tiers or {}).items():
            for schedule in schedules:
                for number, (tier, deduction) in enumerate(
                    zip(schedule.tiers, schedule.deductions(), strict=True), start=1
                ):
                    cells: tuple[tuple[str, float, Unit], ...] = (
                        ("notional_floor", tier.notional_floor, "usdt"),
                        ("maintenance_margin_rate", tier.maintenance_margin_rate, "fraction"),
                        ("initial_margin_rate", tier.initial_margin_rate, "fraction"),
                        ("deduction", deduction, "usdt"),
                    )
                    for name, value, unit in cells:
                        yield ParameterRow(
                            effective_from=schedule.effective_from,
                            venue=self.venue,
                            key=f"perp.{symbol}.tier{number}.{name}",
                            value=value,
                            unit=unit,
                            source=schedule.source,
                        )

    @cached_property
    def _history(self) -> Mapping[str, tuple[list[float], list[ParameterRow]]]:
        """By key: the epoch seconds its rows take effect at, ascending, and the rows."""
        history: dict[str, tuple[list[float], list[ParameterRow]]] = {}
        for row in self.parameter_rows():
            starts, rows = history.setdefault(row.key, ([], []))
            starts.append(as_epoch(row.effective_from))
            rows.append(row)
        return history

    def parameter(self, key: str, at: date | datetime | int) -> float:
        """The value in force at ``at`` (a date, an aware datetime, or epoch seconds), in the row's unit.

        Raises:
            BasisError: CFG-006 when the venue has no such key, or no row of it is in force yet.
        """
        return self.parameter_row(key, at).value

    def parameter_row(self, key: str, at: date | datetime | int) -> ParameterRow:
        """The newest row of ``key`` effective at ``at``; errors as `parameter`."""
        if key not in self._history:
            raise BasisError(
                "CFG-006",
                f"{self.venue} has no parameter {key!r}",
                looked_in=f"venues/{self.venue}.yaml",
                found=", ".join(self._history),
            )
        starts, rows = self._history[key]
        in_force = bisect_right(starts, as_epoch(at))
        if in_force == 0:
            raise BasisError(
                "CFG-006",
                f"{self.venue} has no {key!r} in force on {as_utc_date(at).isoformat()}",
                expected="a row effective on or before that day",
                looked_in=f"venues/{self.venue}.yaml",
                found="rows effective from " + ", ".join(row.effective_from.isoformat() for row in rows),
            )
        return rows[in_force - 1]

    def margin_schedule(self, symbol: str, at: date | datetime | int) -> MarginSchedule:
        """The margin tiers of a perpetual in force at ``at``.

        Raises:
            BasisError: CFG-006 when the symbol has no tiers, or none in force yet.
        """
        day = as_utc_date(at)
        schedules = (self.margin_tiers or {}).get(symbol, ())
        in_force = [schedule for schedule in schedules if schedule.effective_from <= day]
        if not in_force:
            raise BasisError(
                "CFG-006",
                f"{self.venue} has no margin tiers for {symbol!r} in force on {day.isoformat()}",
                looked_in=f"venues/{self.venue}.yaml",
                found="; ".join(
                    f"{name} from {', '.join(s.effective_from.isoformat() for s in rows)}"
                    for name, rows in (self.margin_tiers or {}).items()
                ),
            )
        return max(in_force, key=lambda schedule: schedule.effective_from)


def as_utc_date(at: date | datetime | int) -> date:
    """The UTC day of a date, an aware datetime or epoch seconds."""
    if isinstance(at, datetime):
        return at.astimezone(UTC).date()
    if isinstance(at, date):
        return at
    return datetime.fromtimestamp(int(at), tz=UTC).date()


def as_epoch(at: date | datetime | int) -> float:
    """Epoch seconds of an aware datetime, of the UTC midnight a date begins with, or as given."""
    if isinstance(at, datetime):
        return at.timestamp()
    if isinstance(at, date):
        return datetime.combine(at, time(), UTC).timestamp()
    return at
