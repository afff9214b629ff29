"""Rows in, exactly the declared columns and types out, or an error that lists every difference.

A view over Parquet hides schema drift, so the only place to stop it is before the write.  Casts that
keep every value are made (integers to DOUBLE, finer time units to microseconds); nothing else is.
NaN is never stored: in a nullable DOUBLE it becomes NULL (NumPy has no other way to say "no value"),
in a NOT NULL one it is refused, and infinities are refused everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from engine.errors import BasisError, Problem
from pipelines.warehouse.schema import Column, TableSchema

CODE = "API-001"
SCALARS = (str, bytes, bool, int, float, np.generic, datetime, date, type(None))
EPOCH_SECONDS = (946_684_800, 4_102_444_800)  # 2000 .. 2100: milliseconds taken for seconds fall outside

Rows: TypeAlias = pa.Table | Mapping[str, Any]


def conform(schema: TableSchema, rows: Rows, constants: Mapping[str, Any], where: str) -> pa.Table:
    """``rows`` plus ``constants`` (one value for all rows) as a table of the declared Arrow schema.

    Mappings hold NumPy arrays, Arrow arrays, lists or scalars; integers in a TIMESTAMPTZ column are
    epoch seconds.  Errors: API-001 with a problem per column: missing, unknown, wrong type, NULL or
    NaN where none may be, repeated keys.
    """
    given = _columns_of(rows) | dict(constants)
    problems = _name_problems(schema, given, where)
    length = _length(given, where)
    arrays: list[pa.Array | pa.ChunkedArray] = []
    for column in schema.columns:
        if column.name not in given:
            arrays.append(pa.nulls(length, column.arrow_type))
            continue
        try:
            arrays.append(_column(column, given[column.name], length))
        except _RefusedError as refusal:
            problems.append(Problem(CODE, where, column.name, refusal.found, column.declaration + refusal.hint))
    if problems:
        raise BasisError.from_problems(problems, f"rows do not fit {schema.qualified}")
    table = pa.Table.from_arrays(arrays, schema=schema.arrow_schema)
    _refuse_repeated_keys(schema, table, where)
    return table


def _columns_of(rows: Rows) -> dict[str, Any]:
    if isinstance(rows, pa.Table):
        return dict(zip(rows.column_names, rows.columns, strict=True))
    return dict(rows)


class _RefusedError(Exception):
    def __init__(self, found: str, hint: str = "") -> None:
        super().__init__(found)
        self.found, self.hint = found, hint


def _name_problems(schema: TableSchema, given: Mapping[str, Any], where: str) -> list[Problem]:
    missing = [c for c in schema.columns if c.name not in given and not c.optional]
    unknown = [name for name in given if name not in schema.column_names]
    known = ", ".join(schema.column_names)
    return [Problem(CODE, where, c.name, "missing", c.declaration) for c in missing] + [
        Problem(CODE, where, name, "unknown column", f"one of: {known}") for name in unknown
    ]


def _length(given: Mapping[str, Any], where: str) -> int:
    lengths = {name: len(value) for name, value in given.items() if not isinstance(value, SCALARS)}
    if len(set(lengths.values())) > 1:
        listing = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise BasisError(CODE, f"columns of {where} differ in length", expected="equal lengths", found=listing)
    return next(iter(lengths.values()), 1)


def _column(column: Column, value: Any, length: int) -> pa.Array | pa.ChunkedArray:
    array = _cast(column, _as_arrow(value, length))
    if column.sql_type == "DOUBLE":
        array = _without_nan(column, array)
    if array.null_count and not column.nullable:
        first = int(pc.index(pc.is_null(array), True).as_py())
        raise _RefusedError(f"NULL in {array.null_count} of {length} rows, first in row {first}")
    return array


def _as_arrow(value: Any, length: int) -> pa.Array | pa.ChunkedArray:
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value
    try:
        if isinstance(value, SCALARS):
            return pa.repeat(pa.scalar(value.item() if isinstance(value, np.generic) else value), length)
        if isinstance(value, np.ndarray) and value.dtype.kind == "M":
            return pa.array(value.astype("datetime64[us]")).cast(pa.timestamp("us", tz="UTC"))
        return pa.array(value)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise _RefusedError(f"values of no single type ({error})") from error


def _cast(column: Column, array: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    found, wanted = array.type, column.arrow_type
    if found == wanted:
        return array
    if pt.is_integer(found) and column.sql_type == "TIMESTAMP WITH TIME ZONE":
        return _from_epoch_seconds(array)
    if not _lossless(found, column.sql_type):
        raise _RefusedError(str(found), "; times need a zone" if pt.is_timestamp(found) else "")
    try:
        return array.cast(wanted)
    except pa.ArrowException as error:
        raise _RefusedError(f"{found} ({error})") from error


def _lossless(found: pa.DataType, sql_type: str) -> bool:
    if pt.is_null(found):
        return True
    if pt.is_dictionary(found):
        return sql_type == "VARCHAR" and _lossless(found.value_type, sql_type)
    if sql_type == "VARCHAR":
        return bool(pt.is_string(found) or pt.is_large_string(found) or pt.is_string_view(found))
    if sql_type == "DOUBLE":
        return bool(pt.is_integer(found) or pt.is_floating(found))
    if sql_type in ("BIGINT", "INTEGER"):
        return bool(pt.is_integer(found))
    return sql_type == "TIMESTAMP WITH TIME ZONE" and bool(pt.is_timestamp(found)) and found.tz is not None


def _from_epoch_seconds(array: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    low, high = pc.min_max(array).as_py().values()
    if low is not None and not EPOCH_SECONDS[0] <= low <= high <= EPOCH_SECONDS[1]:
        raise _RefusedError(f"integers {low} .. {high}", " (integers are epoch seconds between 2000 and 2100)")
    return array.cast(pa.int64()).cast(pa.timestamp("s", tz="UTC")).cast(pa.timestamp("us", tz="UTC"))


def _without_nan(column: Column, array: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if bool(pc.all(pc.is_finite(array)).as_py()) or array.null_count == len(array):
        return array
    if bool(pc.any(pc.is_inf(array)).as_py()):
        raise _RefusedError(f"infinite, first in row {pc.index(pc.is_inf(array), True).as_py()}", "; finite")
    if not column.nullable:
        count = pc.sum(pc.is_nan(array)).as_py()
        raise _RefusedError(
            f"NaN in {count} of {len(array)} rows, first in row {pc.index(pc.is_nan(array), True).as_py()}"
        )
    return pc.if_else(pc.is_nan(array), pa.scalar(None, pa.float64()), array)


def _refuse_repeated_keys(schema: TableSchema, table: pa.Table, where: str) -> None:
    if not schema.key or table.num_rows < 2:
        return
    counts = table.select(schema.key).group_by(list(schema.key), use_threads=False).aggregate([([], "count_all")])
    if counts.num_rows == table.num_rows:
        return
    repeated = counts.filter(pc.greater(counts["count_all"], 1))
    example = {name: str(value) for name, value in repeated.slice(0, 1).to_pylist()[0].items()}
    raise BasisError(
        CODE,
        f"rows of {where} share a key",
        expected=f"one row per ({', '.join(schema.key)})",
        found=f"{repeated.num_rows} repeated keys, for example {example}",
    )
