"""The files of a run: their names, columns, currency and times; written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from engine.errors import BasisError
from pipelines.reports import ReportFiles, RunTables, files, write_index, write_reports

NAMES = {
    "summary.json", "hourly_pnl.csv", "event_log.csv", "balance_sheet.csv", "report.html", "plots/cumulative_pnl.html",
    "plots/pnl_components.html", "plots/delta_neutrality.html", "plots/margin_ratios.html", "plots/plotly.min.js",
}  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def written(btc_basis_run: RunTables, tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_reports(btc_basis_run, tmp_path_factory.mktemp("results") / "run")


def test_all_files_are_there_and_nothing_else(written: ReportFiles) -> None:
    assert set(contents(written.folder)) == NAMES
    assert set(written.plots) == {"cumulative_pnl", "pnl_components", "delta_neutrality", "margin_ratios"}
    assert not list(written.folder.glob(".*"))


def test_the_same_run_gives_the_same_bytes(written: ReportFiles, btc_basis_run: RunTables, tmp_path: Path) -> None:
    assert contents(write_reports(btc_basis_run, tmp_path).folder) == contents(written.folder)


def test_hourly_csv_carries_the_currency_and_adds_up(written: ReportFiles, btc_basis_run: RunTables) -> None:
    table = pd.read_csv(written.hourly_pnl_csv)
    assert table["timestamp"].iloc[0] == "2024-05-12T00:00:00Z"
    assert table["timestamp"].iloc[-1] == "2025-09-18T23:00:00Z"
    assert (table["nav_usd"].to_numpy() == btc_basis_run.hourly_pnl["nav"].to_numpy()).all()
    parts = ["funding_pnl_usd", "basis_pnl_usd", "delta_pnl_usd", "gas_usd", "trading_fees_usd", "slippage_usd"]
    difference = table["net_pnl_usd"] - table[parts].sum(axis=1) - table["residual_usd"]
    assert difference.abs().max() < 1e-10


def test_event_log_has_the_balances_after_each_event(written: ReportFiles, btc_basis_run: RunTables) -> None:
    table = pd.read_csv(written.event_log_csv)
    assert len(table) == len(btc_basis_run.events)
    assert table["seq"].is_monotonic_increasing
    assert "cost_total_usd" in table.columns
    assert json.loads(table["balances_after"].iloc[0]) == {"wallet:BaseToken:USDT": 100_000.0}
    without = files.event_log(replace(btc_basis_run, postings=None))
    assert "balances_after" not in without.columns


def test_balance_sheet_values_sum_to_nav(written: ReportFiles, btc_basis_run: RunTables) -> None:
    table = pd.read_csv(written.balance_sheet_csv)
    assert list(table.columns) == [
        "timestamp", "position_key", "venue", "position_type", "symbol", "quantity", "unit_value_usd", "value_usd",
    ]  # fmt: skip
    sums = table.groupby("timestamp")["value_usd"].sum()
    assert sums.to_numpy() == pytest.approx(btc_basis_run.hourly_pnl["nav"].to_numpy(), rel=1e-12)


def test_summary_json_is_json_with_nulls_and_a_verdict(written: ReportFiles, btc_basis_run: RunTables) -> None:
    summary = json.loads(written.summary_json.read_text())
    assert summary["final_nav_usd"] == btc_basis_run.figures["final_nav"]
    assert summary["max_ltv"] is None
    assert summary["synthetic_data"] is True
    assert summary["window_end"] == "2025-09-18T23:00:00Z"
    assert summary["reconciliation"]["passed"] is True
    assert sum(summary["pnl_by_component_usd"].values()) == pytest.approx(summary["final_nav_usd"] - 100_000)


def test_an_eth_class_counts_in_eth(pure_lending_run: RunTables) -> None:
    run = replace(pure_lending_run, runs=pure_lending_run.runs.assign(share_class="eth_directional"))
    assert "net_pnl_eth" in files.hourly_pnl(run).columns
    assert "value_eth" in files.balance_sheet(run).columns
    assert "final_nav_eth" in files.summary(run)


def test_the_report_is_one_file_below_six_megabytes(written: ReportFiles) -> None:
    page = written.report_html.read_text(encoding="utf-8")
    assert len(page.encode()) < 6_000_000
    assert "SYNTHETIC DATA" in page
    assert 'src="' not in page[page.rindex("</script>") - 2000 :]
    assert page.count("plotly.js v") == 1


def test_text_from_the_run_cannot_become_markup(pure_lending_run: RunTables, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    run = replace(
        pure_lending_run,
        runs=pure_lending_run.runs.assign(data_source=evil, code_version=evil, config_json=json.dumps({"a": evil})),
        events=pure_lending_run.events.assign(venue=evil),
    )
    written = write_reports(run, tmp_path)
    assert evil not in written.report_html.read_text(encoding="utf-8")


def test_a_failure_leaves_the_earlier_files_as_they_were(
    btc_basis_run: RunTables, pure_lending_run: RunTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_reports(pure_lending_run, tmp_path).folder
    (folder / "events.jsonl").write_text("{}\n")
    before = contents(folder)

    def fail(run: RunTables) -> pd.DataFrame:
        raise OSError("no space left on device")

    monkeypatch.setattr(files, "balance_sheet", fail)
    with pytest.raises(OSError, match="no space"):
        write_reports(btc_basis_run, folder)
    assert contents(folder) == before


def test_the_index_links_reports_that_exist(
    btc_basis_run: RunTables, pure_lending_run: RunTables, tmp_path: Path
) -> None:
    runs = pd.concat([r.runs.merge(r.summary, on="run_id") for r in (btc_basis_run, pure_lending_run)])
    figures = ["final_nav", "apr", "apy", "max_drawdown", "max_abs_residual", "proxied_rows"]
    failed = runs.iloc[:1].drop(columns=[*figures, "data_source", "finished_at"])
    failed = failed.assign(run_id="broken", status="failed", is_latest=False)
    (tmp_path / "btc_basis-0007").mkdir()
    (tmp_path / "btc_basis-0007" / "report.html").write_text("")
    page = write_index(tmp_path, pd.concat([runs, failed], ignore_index=True)).read_text()
    assert 'href="btc_basis-0007/report.html"' in page
    assert "pure_lending-0011/report.html" not in page
    assert "failed" in page
    assert "SYNTHETIC" in page
    assert not list(tmp_path.glob(".index-*"))
    with pytest.raises(BasisError, match="final_nav"):
        write_index(tmp_path, runs.drop(columns=["final_nav"]))


def test_an_index_without_runs_says_so(btc_basis_run: RunTables, tmp_path: Path) -> None:
    empty = btc_basis_run.runs.merge(btc_basis_run.summary, on="run_id").iloc[:0]
    assert "No run yet" in write_index(tmp_path, empty).read_text()
