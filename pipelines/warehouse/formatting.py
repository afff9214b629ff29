"""Query results as a table for a terminal, as CSV or as JSON."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.types as pt
from rich.console import Console
from rich.table import Table


class OutputFormat(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def render(result: pa.Table, output: OutputFormat, *, max_rows: int = 200, width: int | None = None) -> str:
    """Text of a query result.  CSV and JSON hold every row; a terminal table the first ``max_rows``, saying so."""
    if output is OutputFormat.CSV:
        buffer = io.BytesIO()
        pa_csv.write_csv(_without_zone_names(result), buffer)
        return buffer.getvalue().decode()
    if output is OutputFormat.JSON:
        rows = result.to_pylist()
        return orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z, default=str).decode() + "\n"
    return _terminal_table(result, max_rows, width)


def _terminal_table(result: pa.Table, max_rows: int, width: int | None) -> str:
    table = Table(show_edge=False, pad_edge=False)
    for field in result.schema:
        numeric = pt.is_floating(field.type) or pt.is_integer(field.type) or pt.is_decimal(field.type)
        table.add_column(field.name, justify="right" if numeric else "left", overflow="fold")
    for row in result.slice(0, max_rows).to_pylist():
        table.add_row(*(cell_text(value) for value in row.values()))
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, soft_wrap=False, markup=False, highlight=False, emoji=False)
    console.print(table)
    if result.num_rows > max_rows:
        console.print(f"first {max_rows:,} of {result.num_rows:,} rows; --format csv or json gives all")
    else:
        console.print(f"{result.num_rows:,} row{'' if result.num_rows == 1 else 's'}")
    return buffer.getvalue()


def cell_text(value: Any) -> str:
    """``1715472000`` UTC → ``2024-05-12 00:00Z``; NULL → empty; floats to ten significant digits."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        stamp = value.astimezone(UTC) if value.tzinfo else value
        seconds = ":%S" if stamp.second else ""
        return stamp.strftime(f"%Y-%m-%d %H:%M{seconds}") + ("Z" if value.tzinfo else "")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def _without_zone_names(result: pa.Table) -> pa.Table:
    """Times as ISO 8601 with Z, and nested values as text: neither has a CSV form in Arrow."""
    arrays = []
    for column in result.columns:
        if pt.is_timestamp(column.type) or pt.is_nested(column.type) or pt.is_decimal(column.type):
            arrays.append(pa.array([_csv_text(value) for value in column.to_pylist()], pa.string()))
        else:
            arrays.append(column)
    return pa.Table.from_arrays(arrays, names=result.column_names)


def _csv_text(value: Any) -> str | None:
    if isinstance(value, datetime):
        text = value.isoformat()
        return text.replace("+00:00", "Z") if value.utcoffset() is not None else text
    return None if value is None else str(value)
