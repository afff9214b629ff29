"""Export, output formats, and old partitions under a new schema."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from made_up_lake import HOURS, TS, prices, write_made_up_lake

from engine.errors import BasisError
from pipelines.warehouse import Lake
from pipelines.warehouse.export import export_warehouse
from pipelines.warehouse.formatting import OutputFormat, render
from pipelines.warehouse.query import run_sql
from pipelines.warehouse.schema import SQL_DIR


def test_export_is_one_file_with_real_tables(made_up: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mail" / "copy.duckdb"
    rows = export_warehouse(made_up, target)
    assert rows["results.hourly_pnl"] == 3 * HOURS
    assert [path.name for path in target.parent.iterdir()] == ["copy.duckdb"]
    monkeypatch.chdir(tmp_path)
    renamed = target.rename(tmp_path / "renamed.duckdb")
    with duckdb.connect(str(renamed), read_only=True) as con:
        assert con.sql("SELECT count(*) FROM results.balance_sheet").fetchall() == [(3 * HOURS * 10,)]
        assert con.sql("SELECT count(*) FROM results.latest_summary").fetchall() == [(2,)]
        assert con.sql("SELECT count(*) FROM market.perp_prices").fetchall() == [(HOURS,)]
        bare = "SELECT table_name, column_name FROM duckdb_columns() WHERE coalesce(comment, '') = ''"
        assert con.sql(f"{bare} AND NOT internal AND table_name NOT LIKE 'latest_%'").fetchall() == []


def test_export_never_replaces_the_warehouse(made_up: Lake) -> None:
    with pytest.raises(BasisError, match="is the warehouse itself"):
        export_warehouse(made_up, made_up.database)


@pytest.fixture
def result(made_up: Lake) -> pa.Table:
    return run_sql(
        "SELECT ts, symbol, open, proxy_of, [1, 2] AS pair FROM market.perp_prices ORDER BY ts", made_up.root
    )


def test_terminal_table_says_how_many_rows_there_are(result: pa.Table) -> None:
    text = render(result, OutputFormat.TABLE, max_rows=2, width=100)
    assert "2024-05-12 01:00Z" in text
    assert "2024-05-12 02:00Z" not in text
    assert f"first 2 of {HOURS} rows" in text
    assert "1 row\n" in render(result.slice(0, 1), OutputFormat.TABLE, width=100)
    assert "61000.5" in render(pa.table({"x": [61000.5]}), OutputFormat.TABLE)


def test_csv_and_json_hold_every_row(result: pa.Table) -> None:
    lines = render(result, OutputFormat.CSV).splitlines()
    assert lines[0] == '"ts","symbol","open","proxy_of","pair"'
    assert lines[1] == '"2024-05-12T00:00:00Z","BTCUSDT",61000,,"[1, 2]"'
    assert len(lines) == HOURS + 1
    rows = json.loads(render(result, OutputFormat.JSON))
    assert rows[0] == {
        "ts": "2024-05-12T00:00:00Z",
        "symbol": "BTCUSDT",
        "open": 61000.0,
        "proxy_of": None,
        "pair": [1, 2],
    }


@pytest.fixture
def sql_dir(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SQL_DIR, tmp_path / "sql"))


def change(sql_dir: Path, old: str, new: str) -> None:
    path = sql_dir / "observed.sql"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_new_nullable_column_reaches_old_partitions(tmp_path: Path, sql_dir: Path) -> None:
    root = tmp_path / "project"
    write_made_up_lake(root)
    table = "CREATE TABLE observed.perp_prices (\n"
    change(sql_dir, table, table + "    mark_price DOUBLE DEFAULT NULL,\n")
    with Lake(root, sql_dir).connect() as con:
        assert con.sql("SELECT mark_price, open FROM observed.perp_prices ORDER BY ts").fetchall()[0] == (
            None,
            61_000.0,
        )
    with Lake(root, sql_dir).connect() as con:
        assert con.sql("SELECT count(*) FROM results.balance_sheet").fetchall() == [(3 * HOURS * 10,)]


def test_a_column_that_went_or_must_not_be_null_is_refused_by_file(tmp_path: Path, sql_dir: Path) -> None:
    root = tmp_path / "project"
    write_made_up_lake(root)
    perp = "CREATE TABLE observed.perp_prices (\n"
    change(sql_dir, perp, perp + "    mark_price DOUBLE NOT NULL,\n")
    text = (sql_dir / "observed.sql").read_text()
    head, tail = text.split(perp)
    tail = tail.replace("    open       DOUBLE NOT NULL,\n", "    open       VARCHAR,\n", 1)
    tail = tail.replace("    volume     DOUBLE,\n", "", 1).replace(
        tail[tail.index("COMMENT ON COLUMN observed.perp_prices.volume"):].split("\n", 1)[0] + "\n", "", 1
    )  # fmt: skip
    (sql_dir / "observed.sql").write_text(head + perp + tail)
    with pytest.raises(BasisError) as refused:
        Lake(root, sql_dir).refresh_catalog()
    found = {(problem.where, problem.key) for problem in refused.value.problems}
    file = "warehouse/lake/observed/perp_prices/load1.parquet"
    assert found == {(file, "mark_price"), (file, "open"), (file, "volume")}
    assert Lake(root).read("observed.perp_prices", ["load1"])["open"][0].as_py() == prices()["open"][0]


def test_reading_columns_and_partitions(made_up: Lake) -> None:
    assert made_up.partitions("results.summary") == ["run-a", "run-b", "run-c"]
    table = made_up.read("results.hourly_pnl", ["run-b"], ["ts", "nav"])
    assert table.column_names == ["ts", "nav"]
    assert table.num_rows == len(TS)
    assert made_up.read("results.hourly_pnl").num_rows == 3 * HOURS
    with pytest.raises(BasisError) as refused:
        made_up.read("results.hourly_pnl", ["run-x"])
    assert refused.value.code == "API-002"
    assert refused.value.found == "run-a, run-b, run-c"


def test_the_schema_folder_must_hold_sql(tmp_path: Path) -> None:
    with pytest.raises(BasisError, match="schema is missing"):
        Lake(tmp_path, tmp_path)
