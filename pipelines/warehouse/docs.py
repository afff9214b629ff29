"""`docs/sql.md`, made from the comments of the schema and the example queries.

Write it anew with ``python -m pipelines.warehouse.docs``; a test compares it with what is in the repository.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipelines.warehouse.lake import Lake
from pipelines.warehouse.schema import SQL_DIR

QUERIES_DIR = SQL_DIR.parent / "queries"
TARGET = SQL_DIR.parents[1] / "docs" / "sql.md"
SCHEMA_ORDER = ("results", "market", "quality", "observed", "live")

INTRODUCTION = """\
# Ask SQL questions

Everything the pipeline knows can be read with SQL, while runs are going on: readers block nobody.
This page is generated (`python -m pipelines.warehouse.docs`) from `warehouse/sql` and `warehouse/queries`.

```sh
basis sql "select mode, status, finished_at from results.runs"
basis sql --file warehouse/queries/01_latest_results.sql
```

In Python, from any folder:

```python
from pathlib import Path
from pipelines.warehouse import connect

con = connect(Path("/path/to/the/project"))
frame = con.sql("select * from results.latest_hourly_pnl").df()
```

With nothing but DuckDB (1.5 or newer), from the project's folder: `duckdb -readonly warehouse/basis.duckdb`, or
`duckdb.connect("warehouse/basis.duckdb", read_only=True)`. From elsewhere say first where the project is:
`SET VARIABLE root = '/path/to/the/project'`, and `SET TimeZone = 'UTC'` to see times as they are.

## What to know
- All times are UTC. All amounts are in the run's share-class currency (`results.runs.share_class`) unless the column
  says otherwise. "No value" is NULL; NaN is never stored.
- `results.*` show the runs that ended with success, each of them whole; `results.runs` shows all, also running and
  failed ones. `results.latest_*` show the newest finished run of each mode.
- `market.*` show the data folder loaded last. Rows that were filled say so: `is_proxied`, `is_projected`.
- `balance_sheet`, `exposures` and `risk_metrics` show the state after the hour's trades. The first `hourly_pnl` row is
  against the starting capital, which is itself a posting.
- From a result to its raw rows: `run_inputs.load_id` → `observed.<table>.load_id` → `source` and `source_row`.
"""


@dataclass(frozen=True)
class View:
    """A view of the catalog with its columns as (name, type, comment)."""

    qualified: str
    comment: str
    columns: tuple[tuple[str, str, str], ...]


def catalog_views(lake: Lake) -> list[View]:
    """Every view a person can query, in reading order."""
    with lake.connect() as con:
        views = con.execute(
            "SELECT schema_name, view_name, comment FROM duckdb_views()"
            " WHERE database_name = 'basis' AND NOT internal AND schema_name <> 'main' ORDER BY view_oid"
        ).fetchall()
        columns = con.execute(
            "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns()"
            " WHERE database_name = 'basis' AND NOT internal ORDER BY column_index"
        ).fetchall()
    by_view: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for schema, view, name, sql_type, comment in columns:
        shown = "TIMESTAMPTZ" if sql_type == "TIMESTAMP WITH TIME ZONE" else sql_type
        by_view.setdefault((schema, view), []).append((name, shown, comment or ""))
    ordered = sorted(views, key=lambda view: SCHEMA_ORDER.index(view[0]))
    return [View(f"{schema}.{name}", comment or "", tuple(by_view[schema, name])) for schema, name, comment in ordered]


def sql_markdown(sql_dir: Path = SQL_DIR, queries_dir: Path = QUERIES_DIR) -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder:
        views = catalog_views(Lake(Path(folder), sql_dir))
    parts = [INTRODUCTION, "## Useful queries\n"]
    parts += [_query(path) for path in sorted(queries_dir.glob("*.sql"))]
    parts.append("## Tables\n")
    latest = [view.qualified for view in views if ".latest_" in view.qualified]
    for view in views:
        if view.qualified not in latest:
            parts.append(_table(view))
    listing = ", ".join(f"`{name}`" for name in sorted(latest))
    parts.append(f"### results.latest_*\nThe same tables for the newest finished run of each mode: {listing}.\n")
    return "\n".join(parts)


def _query(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").strip().splitlines()
    comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    body = "\n".join(line for line in lines if not line.startswith("--"))
    title = path.stem.split("_", 1)[1].replace("_", " ").capitalize()
    return f"### {title}\n{' '.join(comment)} (`warehouse/queries/{path.name}`)\n\n```sql\n{body}\n```\n"


def _table(view: View) -> str:
    rows = [f"| `{name}` | {sql_type} | {comment.replace('|', '/')} |" for name, sql_type, comment in view.columns]
    return "\n".join([f"### {view.qualified}", view.comment + ".\n", "| column | type | |", "|---|---|---|", *rows, ""])


def main() -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(sql_markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
