"""Views, comments and columns exist from day one, and the example queries run."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from made_up_lake import HOURS, ROOT, TS, prices

from engine.errors import BasisError
from pipelines.warehouse import Lake, connect
from pipelines.warehouse.docs import QUERIES_DIR, TARGET, sql_markdown
from pipelines.warehouse.loads import has_load, read_market, read_observed, select_root, selected_root
from pipelines.warehouse.query import run_sql

PROMISED = {
    "market.spot_prices": "ts venue symbol open high low close volume",
    "market.perp_prices": "ts venue symbol open high low close volume",
    "market.funding_rates": "ts venue symbol rate interval_hours",
    "market.aave_reserves": "ts asset liquidity_index variable_borrow_index supply_rate variable_borrow_rate",
    "market.lst_rates": "ts lst oracle_rate market_rate",
    "market.gas_prices": "ts gas_price_gwei base_fee_gwei",
    "market.reward_distributions": "payout_ts token period_start period_end rate_per_eeth data_quality",
    "market.execution_costs": "pair size_usd valid_from cost_bps",
    "market.benchmark_rates": "ts name apy",
    "market.risk_parameters": "effective_from venue key value",
    "quality.checks": "load_id dataset check_name severity passed observed expected details ts",
    "quality.gaps": "load_id dataset venue symbol gap_start gap_end missing resolution",
    "quality.quarantine": "load_id dataset row_key reason raw",
    "quality.loads": "load_id dataset source content_hash rows first_ts last_ts loaded_at",
    "results.runs": "run_id mode share_class window_start window_end initial_capital config_json config_hash "
    "code_version data_version result_digest data_source status started_at finished_at is_latest request_id "
    "proxied_rows error_json",
    "results.summary": "run_id final_nav total_return apr apy volatility sharpe max_drawdown target_apy apy_vs_target "
    "total_trades total_costs min_health_factor max_ltv min_margin_ratio max_abs_residual hours proxied_rows",
    "results.hourly_pnl": "run_id ts nav net_flows pnl cumulative_pnl drawdown residual",
    "results.pnl_attribution": "run_id ts component pnl cumulative_pnl",
    "results.events": "run_id seq ts event_type venue token amount price bundle_id leg status reason cost_total "
    "details_json",
    "results.postings": "run_id seq leg position_key ts delta balance_after",
    "results.balance_sheet": "run_id ts position_key quantity unit_value value",
    "results.exposures": "run_id ts asset net_delta onchain_delta exchange_delta net_delta_value",
    "results.risk_metrics": "run_id ts metric venue value warning critical state",
    "results.run_inputs": "run_id series dataset load_id source rows proxied_rows projected_rows first_ts last_ts",
    "live.ticks": "strategy_id tick_ts status latency_ms nav",
    "live.orders": "client_order_id strategy_id venue symbol side amount state",
    "live.reconciliations": "strategy_id",
    "live.heartbeats": "strategy_id",
}
PROVENANCE = {"source", "is_projected", "is_proxied", "proxy_of", "load_id"}


def test_every_promised_view_exists_on_an_empty_lake(lake: Lake) -> None:
    with lake.connect() as con:
        for name, columns in PROMISED.items():
            for view in (name, name.replace("results.", "results.latest_")):
                relation = con.sql(f"SELECT * FROM {view}")
                assert set(columns.split()) <= set(relation.columns), view
                assert relation.fetchall() == []
            if name.startswith("market.") and name != "market.risk_parameters":
                assert set(relation.columns) >= PROVENANCE
                assert con.sql(f"SELECT * FROM {name.replace('market', 'observed')}").fetchall() == []


def test_every_view_and_column_has_a_comment(lake: Lake) -> None:
    with lake.connect() as con:
        bare = con.sql(
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal AND database_name = 'basis'"
            " AND coalesce(comment, '') = '' UNION ALL "
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND database_name = 'basis'"
            " AND coalesce(comment, '') = ''"
        ).fetchall()
    assert bare == []


@pytest.mark.parametrize("path", sorted(QUERIES_DIR.glob("*.sql")), ids=lambda path: path.stem)
def test_example_query_runs_and_finds_rows(made_up: Lake, path: Path) -> None:
    assert run_sql(path.read_text(), made_up.root).num_rows > 0


def test_trace_reaches_the_raw_row(made_up: Lake) -> None:
    row = run_sql((QUERIES_DIR / "09_trace_nav_to_raw_rows.sql").read_text(), made_up.root).to_pylist()[0]
    assert row["file"] == "synthetic/bybit.csv"
    assert row["file_row"] == HOURS + 1
    assert row["row_read"] == f"bybit BTCUSDT open {61_000.0 + HOURS - 1}"


def test_docs_are_up_to_date() -> None:
    assert TARGET.read_text() == sql_markdown(), "run: python -m pipelines.warehouse.docs"


def test_market_views_show_the_folder_selected_last(lake: Lake) -> None:
    flags = {"is_projected": False, "is_proxied": False, "proxy_of": None}
    for root in ("csv-1", "csv-2"):
        lake.write_partition("market.perp_prices", root, {**prices(), **flags, "source": root, "data_root_id": root})
        select_root(lake, root, lake.root, "csv", False)
    assert run_sql("SELECT DISTINCT source FROM market.perp_prices", lake.root)["source"].to_pylist() == ["csv-2"]
    select_root(lake, "csv-1", lake.root, "csv", False)
    assert selected_root(lake) == "csv-1"
    assert run_sql("SELECT DISTINCT source FROM market.perp_prices", lake.root)["source"].to_pylist() == ["csv-1"]
    assert set(read_market(lake, "perp_prices", "csv-2")["source"].to_pylist()) == {"csv-2"}


def test_market_reading_for_runs(made_up: Lake, lake: Lake) -> None:
    assert has_load(made_up, "load1")
    assert not has_load(made_up, "load2")
    assert read_observed(made_up, "perp_prices", "load1").num_rows == HOURS
    assert read_market(made_up, "perp_prices", ROOT, ["ts", "open"]).column_names == ["ts", "open"]
    with pytest.raises(BasisError, match="has no partition csv-3") as refused:
        read_market(made_up, "perp_prices", "csv-3")
    assert refused.value.code == "DATA-013"
    assert refused.value.found == ROOT
    with pytest.raises(BasisError, match="no data folder was ever loaded"):
        selected_root(lake)


def test_plain_duckdb_opens_it_from_the_root_and_from_elsewhere(made_up: Lake, monkeypatch, tmp_path: Path) -> None:
    count = "SELECT count(*) FROM results.hourly_pnl"
    monkeypatch.chdir(made_up.root)
    with duckdb.connect("warehouse/basis.duckdb", read_only=True) as con:
        assert con.sql(count).fetchall() == [(3 * HOURS,)]
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(made_up.database), read_only=True) as con:
        con.execute(f"SET VARIABLE root = '{made_up.root}'")
        assert con.sql(count).fetchall() == [(3 * HOURS,)]
    with duckdb.connect(str(made_up.database), read_only=True) as con:
        con.execute(f"SET file_search_path = '{made_up.root}'")
        assert con.sql(count).fetchall() == [(3 * HOURS,)]


def test_the_folder_can_move(made_up: Lake, monkeypatch, tmp_path: Path) -> None:
    moved = tmp_path / "somewhere else's"
    shutil.copytree(made_up.root, moved)
    monkeypatch.chdir(moved)
    with duckdb.connect("warehouse/basis.duckdb", read_only=True) as con:
        assert con.sql("SELECT count(*) FROM results.latest_summary").fetchall() == [(2,)]
        files = con.sql("SELECT * FROM market.perp_prices").fetchall()
    assert len(files) == HOURS
    monkeypatch.chdir("/")
    with connect(moved) as con:
        assert con.sql("SELECT min(ts)::VARCHAR FROM market.perp_prices").fetchall() == [("2024-05-12 00:00:00+00",)]
        assert con.sql("SELECT epoch(max(ts)) FROM market.perp_prices").fetchall() == [(float(TS[-1]),)]


def test_nothing_can_be_written_through_sql(made_up: Lake) -> None:
    with pytest.raises(BasisError) as refused:
        run_sql("CREATE TABLE results.mine AS SELECT 1", made_up.root)
    assert refused.value.code == "API-003"
    with pytest.raises(BasisError, match="no_such_table") as refused:
        run_sql("SELECT * FROM results.no_such_table", made_up.root)
    assert refused.value.found == "SELECT * FROM results.no_such_table"
    assert run_sql("SET VARIABLE mode = 'x'; SELECT getvariable('mode') AS m", made_up.root).to_pylist() == [{"m": "x"}]
