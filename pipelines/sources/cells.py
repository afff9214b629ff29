"""Text cells to instants and numbers.  What cannot be read is marked, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Micros = NDArray[np.int64]
Mask = NDArray[np.bool_]

SECOND = 1_000_000
EARLIEST = int(datetime(2009, 1, 1, tzinfo=UTC).timestamp()) * SECOND
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * SECOND

# The zone "+00:00Z" is malformed (an offset and a Z) but says the same twice, so it can be read.
_ISO = (
    r"^(?P<base>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)"
    r"(?P<zone>Z|\+00:00Z|[+-]\d{2}(?::?\d{2})?)?$"
)
_PATTERNS = {
    "iso8601": _ISO,
    "epoch_s": r"^\d{9,10}(?:\.0+)?$",
    "epoch_ms": r"^\d{12,13}(?:\.0+)?$",
    "date": r"^\d{4}-\d{2}-\d{2}$",
}
_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})?$")
_MAX_OFFSET_SECONDS = 14 * 3600


def parse_stamps(texts: pa.Array, formats: list[str], timezone: str | None) -> tuple[Micros, Mask]:
    """Epoch microseconds (UTC) of each cell, and a mask of the cells that are no instant.

    Every cell must be written in one of ``formats``.  A stamp of another zone is converted; one without a
    zone is read as UTC only where ``timezone`` declares it.  Instants outside 2009..2100 are nonsense.
    """
    micros = np.full(len(texts), np.iinfo(np.int64).min, dtype=np.int64)
    for name in formats:
        fits = _matches(texts, _PATTERNS[name])
        if not fits.any():
            continue
        chosen = texts if fits.all() else texts.filter(pa.array(fits))
        micros[fits] = _PARSERS[name](chosen, timezone)
    return micros, (micros < EARLIEST) | (micros >= LATEST)


def parse_numbers(texts: pa.Array) -> tuple[NDArray[np.float64], Mask]:
    """float64 of each cell (an empty cell is NaN), and a mask of the cells that are text but no number."""
    try:
        return _to_numpy(pc.cast(texts, pa.float64())), np.zeros(len(texts), dtype=bool)
    except pa.ArrowInvalid:
        values = pd.to_numeric(texts.to_pandas(), errors="coerce").to_numpy(dtype=np.float64)
        return values, np.isnan(values) & _to_mask(pc.is_valid(texts))


def _iso(texts: pa.Array, timezone: str | None) -> Micros:
    parts = pc.extract_regex(texts, pattern=_ISO)
    micros = _naive(pc.struct_field(parts, "base"))
    zones = pc.dictionary_encode(pc.struct_field(parts, "zone"))
    offsets = np.array([_offset_seconds(zone, timezone) for zone in zones.dictionary.to_pylist()], dtype=np.float64)
    offset = offsets[_to_numpy(zones.indices)]
    known = np.isfinite(offset) & (micros >= EARLIEST - _MAX_OFFSET_SECONDS * SECOND)
    return np.where(known, micros - np.nan_to_num(offset).astype(np.int64) * SECOND, np.iinfo(np.int64).min)


def _offset_seconds(zone: str, timezone: str | None) -> float:
    if zone in {"Z", "+00:00Z"}:
        return 0.0
    if not zone:
        return 0.0 if timezone == "UTC" else np.nan
    match = _OFFSET.match(zone)
    if match is None:
        return np.nan
    seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
    return float(seconds if match[1] == "+" else -seconds) if seconds <= _MAX_OFFSET_SECONDS else np.nan


def _naive(texts: pa.Array) -> Micros:
    try:
        stamps = pc.cast(texts, pa.timestamp("us"))
    except pa.ArrowInvalid:
        parsed = pd.to_datetime(texts.to_pandas(), format="ISO8601", errors="coerce")
        return parsed.astype("datetime64[us]").to_numpy().astype(np.int64)
    return _to_numpy(pc.cast(stamps, pa.int64()))


def _epoch(texts: pa.Array, unit_micros: int) -> Micros:
    return (_to_numpy(pc.cast(texts, pa.float64())) * unit_micros).astype(np.int64)


_PARSERS = {
    "iso8601": _iso,
    "epoch_s": lambda texts, _timezone: _epoch(texts, SECOND),
    "epoch_ms": lambda texts, _timezone: _epoch(texts, 1_000),
    "date": lambda texts, _timezone: _naive(texts),
}


def _matches(texts: pa.Array, pattern: str) -> Mask:
    return _to_mask(pc.fill_null(pc.match_substring_regex(texts, pattern), False))


def _to_mask(values: pa.Array) -> Mask:
    return _to_numpy(values).astype(bool)


def _to_numpy(values: pa.Array | pa.ChunkedArray) -> NDArray:
    if isinstance(values, pa.ChunkedArray):
        return np.array(values.to_numpy())
    return np.array(values.to_numpy(zero_copy_only=False))
