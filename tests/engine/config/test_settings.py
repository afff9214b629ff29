"""Settings: every variable is required, all faults come at once, the environment wins over the file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.config import Settings, load_settings, merged_environment
from engine.errors import BasisError

EXAMPLE = Path(__file__).parents[3] / ".env.example"
COMPLETE = {
    "BASIS_ENVIRONMENT": "dev",
    "BASIS_EXECUTION_MODE": "backtest",
    "BASIS_DATA_MODE": "csv",
    "BASIS_DATA_DIR": "data/sample",
    "BASIS_RESULTS_DIR": "results",
    "BASIS_LOG_LEVEL": "INFO",
    "BASIS_DATA_START_DATE": "2026-01-01",
    "BASIS_DATA_END_DATE": "2026-06-29",
}


def refusal(environ: dict[str, str], env_file: Path | None = None) -> BasisError:
    with pytest.raises(BasisError) as error:
        load_settings(environ, env_file)
    assert error.value.code == "CFG-005"
    return error.value


def test_the_example_file_is_complete() -> None:
    settings = load_settings({}, EXAMPLE)
    assert settings == load_settings(COMPLETE, None)
    assert settings.data_start_date == date(2026, 1, 1)
    assert settings.data_dir == Path("data/sample")


def test_no_field_has_a_default() -> None:
    assert all(field.is_required() for field in Settings.model_fields.values())
    assert {f"BASIS_{field.upper()}" for field in Settings.model_fields} == set(COMPLETE)


def test_all_missing_variables_are_named_at_once(tmp_path: Path) -> None:
    error = refusal({}, tmp_path / ".env")
    assert {problem.key for problem in error.problems} == set(COMPLETE)
    assert f"{tmp_path / '.env'} (no such file)" in str(error)
    assert "no BASIS_ variable at all" in str(error)
    assert ".env.example" in str(error)


@pytest.mark.parametrize("variable", COMPLETE)
def test_one_missing_variable(variable: str) -> None:
    error = refusal({name: text for name, text in COMPLETE.items() if name != variable})
    (problem,) = error.problems
    assert problem.key == variable
    assert "required" in problem.expected
    assert all(name in str(error.found) for name in COMPLETE if name != variable)


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("BASIS_ENVIRONMENT", "prod", "'dev', 'staging' or 'production'"),
        ("BASIS_EXECUTION_MODE", "paper", "'backtest' or 'live'"),
        ("BASIS_DATA_MODE", "CSV", "'csv' or 'db'"),
        ("BASIS_DATA_DIR", "", "required"),
        ("BASIS_RESULTS_DIR", "  ", "required"),
        ("BASIS_LOG_LEVEL", "info", "'INFO'"),
        ("BASIS_DATA_START_DATE", "01.02.2024", "a date (YYYY-MM-DD)"),
        ("BASIS_DATA_END_DATE", "2024-02-30", "a date (YYYY-MM-DD)"),
        ("BASIS_DATA_END_DATE", "2025-12-31", "on or after BASIS_DATA_START_DATE = 2026-01-01"),
    ],
)
def test_an_invalid_value(variable: str, text: str, expected: str) -> None:
    (problem,) = refusal({**COMPLETE, variable: text}).problems
    assert (problem.key, problem.value) == (variable, text)
    assert expected in problem.expected


def test_a_misspelt_variable_is_pointed_at() -> None:
    environ = {**COMPLETE, "BASIS_DATADIR": "x"}
    del environ["BASIS_DATA_DIR"]
    (problem,) = refusal(environ).problems
    assert "BASIS_DATADIR exists, is that it?" in problem.expected


def test_credentials_are_not_listed() -> None:
    error = refusal({"BASIS_DEV__CEX__BINANCE_API_KEY": "s3cret", "BASIS_DATA_MODE": "csv"})
    assert "API_KEY" not in str(error)
    assert "s3cret" not in str(error)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(EXAMPLE.read_text() + "\nBASIS_MODES__BTC_BASIS__TARGET_APY=0.5\nBASIS_EMPTY\n")
    assert load_settings({"BASIS_LOG_LEVEL": "DEBUG"}, file).log_level == "DEBUG"
    merged = merged_environment({"BASIS_LOG_LEVEL": "DEBUG"}, file)
    assert merged["BASIS_MODES__BTC_BASIS__TARGET_APY"] == "0.5"
    assert merged["BASIS_LOG_LEVEL"] == "DEBUG"
    assert "BASIS_EMPTY" not in merged


def test_settings_are_frozen() -> None:
    settings = load_settings(COMPLETE, None)
    with pytest.raises(ValidationError, match="frozen"):
        settings.data_mode = "db"  # type: ignore[misc]
