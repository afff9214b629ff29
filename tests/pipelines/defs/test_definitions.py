"""What Dagster is told: groups, partitions, checks, schedule, and the settings of the instance."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines.defs import load_definitions
from pipelines.defs.backtest import runnable_modes
from pipelines.project import PROJECT_ROOT
from pipelines.sources.dataset_files import load_dataset_configs

CONFIGS = PROJECT_ROOT / "configs"


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load_definitions().get_repository_def()


def test_one_raw_asset_per_dataset_and_one_market_asset_per_table(repository: dg.RepositoryDefinition) -> None:
    nodes = repository.asset_graph.asset_nodes
    groups: dict[str, set[str]] = {}
    for node in nodes:
        groups.setdefault(node.group_name, set()).add(node.key.path[-1])
    datasets = load_dataset_configs(CONFIGS / "datasets")
    assert groups["raw"] == set(datasets)
    assert groups["market"] == {config.feeds.table for config in datasets.values()} | {"risk_parameters"}
    assert groups["backtest"] == {"backtest"}
    assert groups["reports"] == {"pnl_attribution", "report"}


def test_modes_are_discovered(repository: dg.RepositoryDefinition) -> None:
    node = repository.asset_graph.get(dg.AssetKey("backtest"))
    assert node.partitions_def is not None
    assert node.partitions_def.get_partition_keys() == list(runnable_modes(CONFIGS))
    assert {"pure_lending", "btc_basis"} <= set(runnable_modes(CONFIGS))


def test_checks_of_data_and_results_block(repository: dg.RepositoryDefinition) -> None:
    specs = [repository.asset_graph.get_check_spec(key) for key in repository.asset_graph.asset_check_keys]
    blocking = {(spec.asset_key.path[0], spec.name) for spec in specs if spec.blocking}
    assert {("raw", name) for name in ("coverage", "duplicates", "monotone_index", "form_and_values")} <= blocking
    names = ("coverage", "residual", "first_step_acts", "delta_bound", "postings_replay")
    assert {("backtest", name) for name in names} <= blocking
    assert {spec.name for spec in specs if not spec.blocking} == {"holes", "cross_venue_divergence"}


def test_every_asset_shows_its_columns(repository: dg.RepositoryDefinition) -> None:
    for node in repository.asset_graph.asset_nodes:
        if node.group_name in ("raw", "market", "backtest"):
            schema = node.metadata["dagster/column_schema"]
            assert schema.columns and all(column.description for column in schema.columns), node.key


def test_the_nightly_schedule_asks_for_every_mode_and_ships_stopped(repository: dg.RepositoryDefinition) -> None:
    [schedule] = repository.schedule_defs
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    moment = datetime(2026, 3, 1, 2, tzinfo=UTC)
    with dg.build_schedule_context(repository_def=repository, scheduled_execution_time=moment) as context:
        requests = schedule.evaluate_tick(context).run_requests
    assert [request.partition_key for request in requests] == list(runnable_modes(CONFIGS))


def test_the_instance_settings_are_valid(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_bytes((PROJECT_ROOT / "dagster.yaml").read_bytes())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue.tag_concurrency_limits == [{"key": "dagster/partition", "limit": 3}]
        assert instance.run_retries_enabled
        assert instance.get_settings("run_retries")["retry_on_asset_or_op_failure"] is False
        assert instance.run_monitoring_max_runtime_seconds == 5400


def test_the_workspace_names_the_code_location() -> None:
    [entry] = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())["load_from"]
    assert entry["python_module"]["module_name"] == "pipelines.definitions"
