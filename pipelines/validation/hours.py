"""Hours as people read them, and runs of consecutive hours as one stretch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive stamps, both ends included, epoch seconds."""

    start: int
    end: int
    count: int

    def __str__(self) -> str:
        if self.start == self.end:
            return hour_text(self.start)
        same_day = self.start // 86400 == self.end // 86400
        end = hour_text(self.end)[11:] if same_day else hour_text(self.end)
        return f"{hour_text(self.start)}..{end} ({self.count})"


def as_datetime(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def hour_text(seconds: int) -> str:
    """``2024-06-12T00:00Z``; seconds are written only where there are any."""
    moment = as_datetime(seconds)
    return moment.strftime("%Y-%m-%dT%H:%MZ" if moment.second == 0 else "%Y-%m-%dT%H:%M:%SZ")


def stretches(seconds: NDArray[np.int64], step: int) -> list[Stretch]:
    """Runs of stamps ``step`` seconds apart; duplicates count once."""
    stamps = np.unique(seconds)
    if stamps.size == 0:
        return []
    ends = np.flatnonzero(np.diff(stamps) > step)
    first = np.concatenate(([0], ends + 1))
    last = np.concatenate((ends, [stamps.size - 1]))
    return [Stretch(int(stamps[a]), int(stamps[b]), int(b - a + 1)) for a, b in zip(first, last, strict=True)]
