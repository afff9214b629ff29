"""What the library knows, in the forms Dagster shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import BasisError
from pipelines.project import REPORTS_ADDRESS
from pipelines.warehouse.formatting import cell_text
from pipelines.warehouse.schema import TableSchema, load_schema

PREVIEW_ROWS = 5


def column_schema(table: str) -> dg.TableSchema:
    """Columns, types and comments of a table, as the SQL files declare them."""
    declared: TableSchema = load_schema()[table]
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.sql_type,
                description=column.comment,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in declared.columns
        ]
    )


def definition_metadata(table: str) -> dict[str, Any]:
    return {"dagster/column_schema": column_schema(table), "dagster/table_name": table}


def rows_metadata(rows: pa.Table, time: str) -> dict[str, Any]:
    """Row count, span and the first and last rows of a table."""
    metadata: dict[str, Any] = {"dagster/row_count": rows.num_rows}
    if rows.num_rows:
        span = pc.min_max(rows[time])
        metadata |= {"first": cell_text(span["min"].as_py()), "last": cell_text(span["max"].as_py())}
        metadata["preview"] = dg.MetadataValue.md(preview(rows))
    return metadata


def preview(rows: pa.Table) -> str:
    """The first and last rows as a Markdown table."""
    if rows.num_rows <= 2 * PREVIEW_ROWS:
        return markdown_table(rows.column_names, rows.to_pylist())
    ends = pa.concat_tables([rows.slice(0, PREVIEW_ROWS), rows.slice(rows.num_rows - PREVIEW_ROWS)])
    return markdown_table(rows.column_names, ends.to_pylist())


def markdown_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in columns) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return cell_text(value).replace("|", "\\|").replace("\n", " ")


def report_links(folder: Path) -> dict[str, Any]:
    """The report as a path, and as an address that `make ui` serves."""
    host, port = REPORTS_ADDRESS
    return {
        "report": dg.MetadataValue.url(f"http://{host}:{port}/{folder.name}/report.html"),
        "report_path": dg.MetadataValue.path(str(folder / "report.html")),
    }


def refusal(error: BasisError) -> dg.Failure:
    """A refusal of the library as Dagster's failure: the same text, never retried."""
    return dg.Failure(
        description=str(error), allow_retries=False, metadata={"error_code": error.code, "error": str(error)}
    )
