"""Validated frame to the Arrow rows of the market table it feeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.tables import INSTANT_COLUMNS, TEXT_COLUMNS
from pipelines.validation.findings import LINE, SOURCE, TIME

INSTANT = pa.timestamp("us", tz="UTC")


def row_schema(config: DatasetConfig) -> pa.Schema:
    """Arrow schema of ``DatasetLoad.rows``."""
    table = config.table
    measured = [*table.row_keys, *table.values, *table.extras]
    return pa.schema(
        [
            (table.time, INSTANT),
            *((name, pa.string()) for name in table.identity),
            *((name, _arrow_type(name)) for name in measured),
            ("source", pa.string()),
            ("source_row", pa.int64()),
        ]
    )


def _arrow_type(column: str) -> pa.DataType:
    if column in TEXT_COLUMNS:
        return pa.string()
    return INSTANT if column in INSTANT_COLUMNS else pa.float64()


def delivered_rows(config: DatasetConfig, frame: pd.DataFrame) -> pa.Table:
    """The valid rows in :func:`row_schema`; value columns the dataset does not declare are null."""
    schema, count = row_schema(config), len(frame)
    constants = config.feeds.identity
    columns = []
    for field in schema:
        if field.name == config.table.time:
            columns.append(_instants(frame[TIME].to_numpy() * 1_000_000))
        elif field.name in constants:
            columns.append(pa.repeat(pa.scalar(constants[field.name], pa.string()), count))
        elif field.name == "source":
            columns.append(pa.array(frame[SOURCE], pa.string()))
        elif field.name == "source_row":
            columns.append(pa.array(frame[LINE].to_numpy(), pa.int64()))
        elif field.name not in config.columns:
            columns.append(pa.nulls(count, field.type))
        elif field.type == INSTANT:
            columns.append(_instants(frame[field.name].to_numpy()))
        else:
            columns.append(pa.array(frame[field.name], field.type, from_pandas=True))
    return pa.Table.from_arrays(columns, schema=schema)


def _instants(micros: NDArray[np.int64]) -> pa.Array:
    return pa.array(micros, pa.int64()).cast(INSTANT)
