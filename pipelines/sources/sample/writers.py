"""Text of raw files: stamps and line ends exactly as the real families write them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from pipelines.sources.sample.processes import IntArray

SOURCE = "synthetic"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class RawFile:
    """One file of a data folder: path relative to its root, bytes, and data rows (None for JSON)."""

    path: str
    body: bytes
    rows: int | None


def csv_file(
    path: str,
    columns: Mapping[str, Any],
    *,
    crlf: bool = False,
    bom: bool = False,
    final_newline: bool = True,
    comments: Sequence[str] = (),
    rows: IntArray | None = None,
) -> RawFile:
    """A CSV from columns (arrays, or one value for all rows).  ``rows`` picks and repeats rows by position.

    Floats are written with as many digits as it takes to read them back.
    """
    frame = pd.DataFrame(dict(columns))
    if rows is not None:
        frame = frame.iloc[rows]
    end = "\r\n" if crlf else "\n"
    text = "".join(f"# {line}{end}" for line in comments) + frame.to_csv(index=False, lineterminator=end)
    if not final_newline:
        text = text.removesuffix(end)
    return RawFile(path, (BOM if bom else b"") + text.encode(), len(frame))


def json_file(path: str, content: Any, trailing: str = "") -> RawFile:
    """A JSON file indented by two, without a final newline unless ``trailing`` holds one."""
    return RawFile(path, (json.dumps(content, indent=2) + trailing).encode(), None)


def text_file(path: str, text: str) -> RawFile:
    return RawFile(path, text.encode(), None)


def iso_z(seconds: IntArray) -> Sequence[str]:
    """``2026-01-01T00:00:00Z``"""
    return _text(seconds, "s", "T", "Z")


def iso_malformed(seconds: IntArray) -> Sequence[str]:
    """``2026-01-01T00:00:00+00:00Z``: an offset and a Z, as the pool and yield files have it."""
    return _text(seconds, "s", "T", "+00:00Z")


def iso_offset(seconds: IntArray) -> Sequence[str]:
    """``2026-01-01 00:00:00+00:00``"""
    return _text(seconds, "s", " ", "+00:00")


def iso_naive(seconds: IntArray) -> Sequence[str]:
    """``2026-01-01 00:00:00``, no zone written."""
    return _text(seconds, "s", " ", "")


def iso_date(seconds: IntArray) -> Sequence[str]:
    """``2026-01-01``"""
    return _text(seconds, "D", "T", "")


def _text(seconds: IntArray, unit: Literal["s", "D"], separator: str, suffix: str) -> Sequence[str]:
    stamps = np.datetime_as_string(seconds.astype("datetime64[s]"), unit=unit).tolist()
    return [stamp.replace("T", separator) + suffix for stamp in stamps]
