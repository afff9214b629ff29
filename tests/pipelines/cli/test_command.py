"""The command line: what is printed, where, and with which exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import logs, progress
from pipelines.cli import main
from pipelines.project import Project


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Standard error as a wide, plain terminal, and logs that go there."""
    console = Console(stderr=True, width=200, no_color=True)
    for module in ("pipelines.progress", "pipelines.logs", "pipelines.cli.app"):
        monkeypatch.setattr(f"{module}.console", console)
    yield
    logs.configure("INFO", stderr_level="CRITICAL")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, project: Project) -> Project:
    """The command works on the test's project."""
    monkeypatch.setattr(Project, "open", classmethod(lambda *_: project))
    return project


def test_a_backtest_prints_its_results_and_the_path_of_its_report(here: Project, capsys) -> None:
    assert main(["backtest", "pure_lending", "--capital", "50000", "--set", "target_apy=0.02"]) == 0
    out = capsys.readouterr().out
    assert "2026-01-01 .. 2026-02-14" in out and "synthetic" in out and "50," in out
    [path] = [line.removeprefix("report: ") for line in out.splitlines() if line.startswith("report: ")]
    assert Path(path).is_file()


def test_the_files_of_a_run_can_be_written_again(here: Project, capsys) -> None:
    assert main(["backtest", "pure_lending"]) == 0
    [path] = [
        Path(line.removeprefix("report: ")) for line in capsys.readouterr().out.splitlines() if "report: " in line
    ]
    path.unlink()
    assert main(["report", path.parent.name]) == 0
    assert path.is_file()
    assert main(["report", "nope"]) == 2
    assert "API-002" in capsys.readouterr().err


def test_a_number_out_of_bounds_is_told_the_bound(here: Project, capsys) -> None:
    assert main(["backtest", "pure_lending", "--set", "position_deviation_threshold=7"]) == 2
    assert "position_deviation_threshold = 7; expected" in (error := capsys.readouterr().err)
    assert "less than or equal to 1" in error or "at most 1" in error


def test_a_refusal_has_the_error_format_and_no_traceback(here: Project, capsys) -> None:
    arguments = ["backtest", "btc_basis", "--capital", "-1", "--set", "nope=1", "--start", "2026-01-05"]
    assert main([*arguments, "--end", "2026-01-04"]) == 2
    error = capsys.readouterr().err
    assert error.lstrip().startswith("CFG-007 a request is not valid")
    for part in ("initial_capital", "nope", "end = ", "what to do:"):
        assert part in error
    assert "Traceback" not in error


def test_debug_shows_the_traceback(here: Project, capsys) -> None:
    assert main(["--debug", "backtest", "nope"]) == 2
    error = capsys.readouterr().err
    assert "Traceback" in error and "CFG-006" in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backtest", "pure_lending", "--start", "tomorrow"], "--start is not a day"),
        (["backtest", "pure_lending", "--set", "target_apy"], "KEY=VALUE"),
        (["backtest", "pure_lending", "--data", "/nowhere"], "the data folder /nowhere is not there"),
        (["backtest", "btc_basis", "--no-proxies"], "without proxies"),
        (["sql"], "give the statement or --file"),
        (["sql", "--file", "/nowhere.sql"], "there is no such SQL file"),
        (["sql", "select nope"], "API-003"),
        (["validate", "--mode", "nope"], "there is no mode 'nope'"),
    ],
)
def test_refusals_end_with_code_two(here: Project, capsys, arguments: list[str], said: str) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_wrong_options_end_with_code_two(capsys) -> None:
    assert main(["backtest"]) == 2
    assert "mode" in capsys.readouterr().err


def test_a_bug_is_no_refusal(here: Project, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("on the way")

    monkeypatch.setattr("pipelines.cli.backtest.run_mode", broken)
    assert main(["backtest", "pure_lending"]) == 1
    assert "unexpected ZeroDivisionError: on the way" in capsys.readouterr().err


def test_missing_settings_are_all_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    monkeypatch.setattr("pipelines.project.ENV_FILE", tmp_path / ".env")
    for name in ("BASIS_DATA_DIR", "BASIS_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    assert main(["backtest", "pure_lending"]) == 2
    error = capsys.readouterr().err
    assert "CFG-005" in error and "BASIS_DATA_DIR" in error and "BASIS_LOG_LEVEL" in error


def test_validate_lists_every_dataset(here: Project, capsys) -> None:
    assert main(["validate"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in here.datasets)


def test_validate_a_mode_says_whether_its_window_is_covered(here: Project, capsys) -> None:
    assert main(["validate", "--mode", "pure_lending"]) == 0
    assert "pure_lending is covered from 2026-01-01 to 2026-02-14" in capsys.readouterr().out
    assert main(["validate", "--mode", "pure_lending", "--end", "2026-05-01"]) == 2


def test_validate_names_the_line_of_a_bad_row(
    monkeypatch: pytest.MonkeyPatch, make_project: Callable[..., Project], small_sample: Path, tmp_path: Path, capsys
) -> None:
    from shutil import copytree

    folder = Path(copytree(small_sample, tmp_path / "bad"))
    [path] = folder.glob("market_data/spot_prices/btc_usd/binance_BTCUSDT_1h_*.csv")
    lines = path.read_text().splitlines()
    lines[3] = lines[3].replace("2025", "tomorrow", 1)
    path.write_text("\n".join(lines) + "\n")
    project = make_project(data_dir=folder)
    monkeypatch.setattr(Project, "open", classmethod(lambda *_: project))
    assert main(["validate"]) == 2
    captured = capsys.readouterr()
    assert "DATA-005" in captured.err and path.name in captured.err and "line 4" in captured.err


def test_progress_reaches_nobody_without_harm() -> None:
    progress.report("stage", 1, 2)
