"""Materialising for real, in this process, with an instance of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs import headless, load_definitions
from pipelines.defs.backtest import KEY
from pipelines.defs.jobs import BACKTEST, LOAD
from pipelines.project import PROJECT_ROOT, Project

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
CONFIGS = PROJECT_ROOT / "configs"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def execute(instance: dg.DagsterInstance, root: Path, job: str, mode: str | None = None, **config: object):
    definitions = load_definitions(root, CONFIGS)
    return definitions.resolve_job_def(job).execute_in_process(
        instance=instance, partition_key=mode, raise_on_error=False, run_config={**config, **QUIET}
    )


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    found = [evaluation for evaluation in result.get_asset_check_evaluations() if evaluation.asset_key == KEY]
    return {evaluation.check_name: evaluation.passed for evaluation in found}


def test_everything_from_raw_files_to_reports(
    instance: dg.DagsterInstance, opened: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = ["btc_basis", "pure_lending"]
    monkeypatch.setattr(headless, "runnable_modes", lambda _configs: modes)
    settings = opened.settings
    done = headless.materialise(
        settings.data_dir, settings.data_start_date, settings.data_end_date, opened.root, instance
    )
    assert [(one.mode, one.failure) for one in done] == [(mode, None) for mode in modes]
    for one in done:
        assert (opened.results_dir / str(one.run_id) / "report.html").is_file()
    with opened.lake.connect() as connection:
        rows = connection.execute("SELECT mode, status FROM results.runs ORDER BY mode").fetchall()
    assert rows == [(mode, "success") for mode in modes]
    event = instance.get_latest_materialization_event(dg.AssetKey(["market", "perp_prices"]))
    metadata = event.asset_materialization.metadata
    assert metadata["dagster/row_count"].value > 0
    assert "| ts |" in metadata["preview"].value


def test_an_ad_hoc_request_takes_window_capital_and_overrides(instance: dg.DagsterInstance, opened: Project) -> None:
    asked = {"start": "2026-01-03", "end": "2026-01-05", "initial_capital": 1234.0, "overrides": {"target_apy": 0.03}}
    ops = {"backtest": {"config": asked}}
    result = execute(instance, opened.root, BACKTEST, "pure_lending", ops=ops)
    assert result.success
    assert checks(result) == dict.fromkeys(
        ("coverage", "residual", "first_step_acts", "delta_bound", "postings_replay"), True
    )
    query = (
        "SELECT initial_capital, hours, target_apy, request_id FROM results.runs JOIN results.summary USING (run_id)"
    )
    with opened.lake.connect() as connection:
        assert connection.execute(query).fetchall() == [(1234.0, 72, 0.03, result.run_id)]


def test_cash_flows_and_the_exit_are_part_of_a_request(instance: dg.DagsterInstance, opened: Project) -> None:
    flows = [{"at": "2026-01-04T00:00Z", "amount": 500.0}, {"at": "2026-01-05T06:00+00:00", "amount": -200.0}]
    asked = {"start": "2026-01-03", "end": "2026-01-05", "cash_flows": flows, "close_at_end": True}
    result = execute(instance, opened.root, BACKTEST, "pure_lending", ops={"backtest": {"config": asked}})
    assert result.success
    query = "SELECT net_flows FROM results.hourly_pnl WHERE net_flows <> 0 ORDER BY ts"
    with opened.lake.connect() as connection:
        assert connection.execute(query).fetchall() == [(500.0,), (-200.0,)]


def test_a_window_without_data_fails_the_coverage_check(instance: dg.DagsterInstance, opened: Project) -> None:
    ops = {"backtest": {"config": {"end": "2026-05-01"}}}
    result = execute(instance, opened.root, BACKTEST, "pure_lending", ops=ops)
    assert not result.success
    assert checks(result) == {"coverage": False}
    assert "2026-05-01" in headless._reasons(result)


def test_a_failed_check_is_seen_and_nothing_is_published(
    instance: dg.DagsterInstance, opened: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.result_checks.TOLERANCE", -1.0)
    result = execute(instance, opened.root, BACKTEST, "pure_lending")
    assert not result.success
    assert checks(result)["residual"] is False
    assert opened.lake.partitions("results.hourly_pnl") == []


def test_a_wrong_day_in_the_run_config_is_refused(instance: dg.DagsterInstance, opened: Project) -> None:
    ops = {"backtest": {"config": {"start": "soon"}}}
    result = execute(instance, opened.root, BACKTEST, "pure_lending", ops=ops)
    assert "CFG-007" in headless._reasons(result)


def test_a_broken_raw_file_blocks_its_market_table(
    instance: dg.DagsterInstance, opened: Project, small_sample: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(small_sample, tmp_path / "broken"))
    [path] = folder.glob("protocol_data/aave/rates/aave_v3_aave-v3-ethereum_USDT_rates_*.csv")
    *_, last = lines = path.read_text().splitlines()
    column = lines[0].split(",").index("liquidityIndex")
    cells = last.split(",")
    cells[column] = str(float(cells[column]) * 1.0001)
    path.write_text("\n".join([*lines, ",".join(cells)]) + "\n")
    names = ["raw__aave_usdt_reserve", "raw__aave_weth_reserve", "market__aave_reserves"]
    definitions = load_definitions(opened.root, CONFIGS)
    result = definitions.resolve_job_def(LOAD).execute_in_process(
        instance=instance,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(name.split("__")) for name in names],
        run_config={"ops": {name: {"config": {"data_dir": str(folder)}} for name in names}, **QUIET},
    )
    assert not result.success
    made = {event.asset_key.path[-1] for event in result.get_asset_materialization_events()}
    assert made == {"aave_weth_reserve"}
    failed = {evaluation.check_name for evaluation in result.get_asset_check_evaluations() if not evaluation.passed}
    assert failed == {"duplicates"}
