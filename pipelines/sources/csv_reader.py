"""Comma-separated files: BOM, leading comment lines, LF or CRLF, with or without a final newline."""

from __future__ import annotations

import csv

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from pipelines.sources.dataset import FormatConfig
from pipelines.sources.raw import RawTable, UnreadableFileError

_BOM = b"\xef\xbb\xbf"
_NULLS = ["", "NaN", "nan", "NA", "null", "None"]


def read_csv(data: bytes, columns: list[str], layout: FormatConfig) -> RawTable:
    """The wanted columns of a CSV file as text.

    Only LEADING comment lines are skipped: a ``#`` inside a row is text.  Rows with too few or too many
    fields come back in ``malformed``.  Raises UnreadableFileError where the file is not such text.
    """
    body, skipped = _without_preamble(data, layout.comment_prefix)
    header = _header(body)
    missing = tuple(column for column in columns if column not in header)
    if missing:
        return RawTable(pa.table({column: pa.array([], pa.string()) for column in columns}), _no_lines(), (), missing)
    malformed: list[tuple[int, str]] = []

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        malformed.append((row.number, row.text))
        return "skip"

    try:
        cells = arrow_csv.read_csv(
            pa.BufferReader(body if b"\n" in body else body + b"\n"),
            read_options=arrow_csv.ReadOptions(use_threads=False, encoding=layout.encoding),
            parse_options=arrow_csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=set_aside),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=columns,
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=True,
                null_values=_NULLS,
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnreadableFileError(str(error)) from error
    lines = np.arange(2, cells.num_rows + len(malformed) + 2, dtype=np.int64)
    lines = np.setdiff1d(lines, [number for number, _ in malformed]) + skipped
    return RawTable(cells, lines, tuple((number + skipped, text) for number, text in malformed))


def _without_preamble(data: bytes, comment_prefix: str | None) -> tuple[bytes, int]:
    """The text from its header line on, and how many lines stand before it."""
    body, skipped = data.removeprefix(_BOM), 0
    prefix = comment_prefix.encode() if comment_prefix else None
    while prefix and body.startswith(prefix):
        _, _, body = body.partition(b"\n")
        skipped += 1
    return body, skipped


def _header(body: bytes) -> list[str]:
    first = body.partition(b"\n")[0].rstrip(b"\r")
    try:
        names = next(csv.reader([first.decode("utf-8")]), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFileError(f"the header line cannot be read: {error}") from error
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise UnreadableFileError(f"the header names columns twice: {repeated}")
    return names


def _no_lines() -> np.ndarray:
    return np.empty(0, dtype=np.int64)
