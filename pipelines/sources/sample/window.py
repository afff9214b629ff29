"""The clock of a sample: the backtest window, and four days before it so that indices have a past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np

from pipelines.sources.sample.processes import IntArray

HOUR = 3600
DAY = 24 * HOUR
LEAD_DAYS = 4


@dataclass(frozen=True)
class SampleWindow:
    """``days`` whole UTC days from ``start``; rows begin ``LEAD_DAYS`` earlier."""

    start: date
    days: int

    @property
    def first_day(self) -> date:
        return self.start - timedelta(days=LEAD_DAYS)

    @property
    def end(self) -> date:
        """The midnight after the last hour."""
        return self.start + timedelta(days=self.days)

    @property
    def span(self) -> str:
        """The dates in file names: what was asked for, not what is inside."""
        return f"{self.start}_{self.end}"

    @property
    def processed(self) -> str:
        """A fixed stand-in for the wall-clock stamps that real files carry."""
        return f"{self.end}T00:00:00.000000"

    @cached_property
    def boundaries(self) -> IntArray:
        """Every hour boundary as epoch seconds, the closing midnight included."""
        first = int(datetime(self.first_day.year, self.first_day.month, self.first_day.day, tzinfo=UTC).timestamp())
        return first + HOUR * np.arange((self.days + LEAD_DAYS) * 24 + 1, dtype=np.int64)

    @property
    def hours(self) -> IntArray:
        """Open times of all hourly bars."""
        return self.boundaries[:-1]

    @property
    def midnights(self) -> IntArray:
        """Every midnight, the closing one included."""
        return self.boundaries[::24]

    def hour_index(self, day: int, hour: int = 0) -> int:
        """Index into ``boundaries`` of an hour of a day counted from ``start``."""
        return (day + LEAD_DAYS) * 24 + hour
