"""Publishing a run: whole or not at all, and a row that says why."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BasisError
from pipelines import logs
from pipelines.backtest import BacktestRequest, run_mode
from pipelines.project import PROJECT_ROOT, Project, sweep
from pipelines.result_checks import CHECKS
from pipelines.run_reports import find_run, read_run, write_run_reports

CHILD = """
import sys, time
from pathlib import Path
import engine.engine as engine
from engine.config import Settings
from pipelines import backtest
from pipelines.project import PROJECT_ROOT, Project

run = engine.run_backtest
def slow(run_config, panel, sink, progress):
    run(run_config, panel, sink, progress)
    print("halfway", flush=True)
    time.sleep(60)
backtest.run_backtest = slow
settings = Settings.model_validate_json(sys.argv[2], strict=False)
project = Project(Path(sys.argv[1]), PROJECT_ROOT / "configs", settings, {})
backtest.run_mode(project, backtest.BacktestRequest("pure_lending"))
"""


def runs(project: Project) -> list[tuple[str, str]]:
    with project.lake.connect() as connection:
        return connection.execute("SELECT run_id, status FROM results.runs ORDER BY started_at").fetchall()


@pytest.mark.parametrize("mode", ["pure_lending", "btc_basis"])
def test_a_run_is_published_with_its_files(project: Project, mode: str) -> None:
    done = run_mode(project, BacktestRequest(mode))
    assert runs(project) == [(done.run_id, "success")]
    assert [check.name for check in done.checks] == list(CHECKS)
    run = read_run(project, done.run_id)
    assert len(run.hourly_pnl) == 45 * 24
    assert np.all(np.abs(run.hourly_pnl["residual"]) <= 1e-9 * run.hourly_pnl["nav"])
    files = write_run_reports(project, run)
    assert files.report_html.is_file() and (project.results_dir / "index.html").is_file()
    events = [json.loads(line) for line in (done.folder / "events.jsonl").read_text().splitlines()]
    assert len(events) == len(run.events)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_a_results_folder_that_cannot_be_is_named_before_anything_is_written(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    (tmp_path / "occupied").write_text("a file")
    project = make_project(results_dir=Path("occupied"))
    with pytest.raises(BasisError, match=r"CFG-005.*cannot write .*occupied"):
        run_mode(project, BacktestRequest("pure_lending"))
    assert runs(project) == []


def test_the_log_of_a_run_holds_its_records_only(project: Project) -> None:
    logs.configure("INFO", stderr_level="CRITICAL")
    first, second = (run_mode(project, BacktestRequest("pure_lending")) for _ in range(2))
    for done in (first, second):
        records = [json.loads(line) for line in (done.folder / logs.LOG_FILE).read_text().splitlines()]
        assert {record["run_id"] for record in records} == {done.run_id}
        assert [record["event"] for record in records] == ["run started", "market panel built", "run published"]


def test_a_repeated_run_gives_the_same_digest_beside_the_first(project: Project) -> None:
    first, second = (run_mode(project, BacktestRequest("btc_basis")) for _ in range(2))
    assert first.run_id != second.run_id
    assert first.result_digest == second.result_digest
    assert len(runs(project)) == 2


def test_overrides_and_capital_reach_the_run(project: Project) -> None:
    request = BacktestRequest("pure_lending", initial_capital=5_000.0, overrides={"target_apy": "0.01"})
    done = run_mode(project, request)
    assert done.run.initial_capital == 5_000.0
    assert done.summary["target_apy"] == 0.01


def test_a_failed_check_publishes_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.result_checks.TOLERANCE", -1.0)
    with pytest.raises(BasisError, match="residual"):
        run_mode(project, BacktestRequest("pure_lending"))
    [(run_id, status)] = runs(project)
    assert status == "failed"
    assert not project.lake.has("results.hourly_pnl", run_id)


def test_a_failure_keeps_its_reason_and_earlier_results(project: Project) -> None:
    good = run_mode(project, BacktestRequest("pure_lending"))
    with pytest.raises(BasisError, match="DATA-010"):
        run_mode(project, BacktestRequest("btc_basis", allow_proxies=False))
    assert [status for _, status in runs(project)] == ["success", "failed"]
    with project.lake.connect() as connection:
        text = connection.execute("SELECT error_json FROM results.runs WHERE status = 'failed'").fetchone()[0]
    assert json.loads(text)["error_code"] == "DATA-010"
    assert find_run(project, "pure_lending", "unknown request") == good.run_id


def test_an_interrupted_run_is_cancelled(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.backtest.run_backtest", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_mode(project, BacktestRequest("pure_lending"))
    assert [status for _, status in runs(project)] == ["cancelled"]


def test_limits_of_the_mode_are_enforced(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.engine.MEMORY_CHECK_SECONDS", 0.0)
    with pytest.raises(BasisError, match="EDS-002"):
        run_mode(project, BacktestRequest("btc_basis", overrides={"limits.max_memory_mb": "1"}))


def test_a_killed_run_leaves_earlier_results_as_they_were(project: Project, tmp_path: Path) -> None:
    good = run_mode(project, BacktestRequest("pure_lending"))
    before = read_run(project, good.run_id).hourly_pnl
    arguments = [sys.executable, "-c", CHILD, str(tmp_path), project.settings.model_dump_json()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=PROJECT_ROOT, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "halfway\n"
        assert [status for _, status in runs(project)] == ["success", "running"]
        os.kill(child.pid, signal.SIGKILL)
    sweep(project.lake)
    [_, (killed, status)] = runs(project)
    assert status == "failed"
    assert not project.lake.has("results.hourly_pnl", killed)
    assert (project.results_dir / killed / "events.jsonl").stat().st_size > 0
    assert read_run(project, good.run_id).hourly_pnl.equals(before)


def test_runs_at_once_and_an_open_reader_do_not_disturb_each_other(project: Project) -> None:
    run_mode(project, BacktestRequest("pure_lending"))
    with project.lake.connect() as reader:
        reader.execute("SELECT count(*) FROM results.hourly_pnl").fetchall()
        started = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            modes = [BacktestRequest("btc_basis"), BacktestRequest("pure_lending")]
            done = list(pool.map(lambda request: run_mode(project, request), modes))
        assert time.monotonic() - started < 60
        assert reader.execute("SELECT count(*) FROM results.runs").fetchone() == (3,)
    assert len({one.run_id for one in done}) == 2


def test_a_window_outside_the_data_is_refused_with_the_one_that_works(make_project: Callable[..., Project]) -> None:
    project = make_project()
    with pytest.raises(BasisError, match="longest window that works is 2025-12-2") as refused:
        run_mode(project, BacktestRequest("pure_lending", start=date(2026, 2, 10), end=date(2026, 4, 1)))
    assert refused.value.code == "DATA-010"


def test_a_backtest_is_refused_where_live_execution_is_configured(project: Project) -> None:
    live = replace(project, settings=project.settings.model_copy(update={"execution_mode": "live"}))
    with pytest.raises(BasisError, match="CFG-005") as refusal:
        run_mode(live, BacktestRequest("pure_lending"))
    assert "BASIS_EXECUTION_MODE=live" in str(refusal.value)
    assert runs(project) == []


def test_a_withdrawal_beyond_nav_is_said_to_be_refused(project: Project) -> None:
    flows = [(datetime(2026, 1, 5, tzinfo=UTC), -1e6)]
    done = run_mode(project, BacktestRequest("pure_lending", cash_flows=flows))
    assert done.refused_withdrawals == 1
    assert "withdrawals beyond NAV were refused" in (done.folder / "run.log.jsonl").read_text()
