"""The environment of one installation: ``BASIS_*`` variables, all required, none with a default in code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from engine.config.overrides import PREFIX, SEPARATOR
from engine.config.schema import MISSING
from engine.errors import BasisError, Problem

_EXPECTED: Mapping[str, str] = {
    "date_from_datetime_parsing": "a date (YYYY-MM-DD)",
    "date_from_datetime_inexact": "a date (YYYY-MM-DD) without a time",
    "missing": "a value, the variable is required",
}


class Settings(BaseModel):
    """``data_mode``: ``csv`` validates and loads the raw files of ``data_dir`` before a run, ``db`` uses what the
    warehouse holds.  ``data_start_date`` and ``data_end_date`` bound the window, whole UTC days, both inclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["dev", "staging", "production"]
    execution_mode: Literal["backtest", "live"]
    data_mode: Literal["csv", "db"]
    data_dir: Path
    results_dir: Path
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    data_start_date: date
    data_end_date: date


def merged_environment(environ: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    """The variables of ``env_file`` with those of ``environ`` over them; a file that is not there adds nothing."""
    in_file = dotenv_values(env_file, interpolate=False) if env_file is not None and env_file.is_file() else {}
    return {**{name: text for name, text in in_file.items() if text is not None}, **environ}


def load_settings(environ: Mapping[str, str], env_file: Path | None) -> Settings:
    """The settings from ``environ`` (usually ``os.environ``) over ``env_file`` (usually ``.env``).

    Raises:
        BasisError: CFG-005 with every variable that is missing, empty or invalid, where each was looked for,
            and the related variables that do exist.
    """
    merged = merged_environment(environ, env_file)
    given = {
        field: merged[variable_of(field)]
        for field in Settings.model_fields
        if merged.get(variable_of(field), "").strip()
    }
    problems: list[Problem] = []
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems = [_problem(detail, merged, env_file) for detail in error.errors(include_url=False)]
    else:
        if settings.data_start_date <= settings.data_end_date:
            return settings
        problems = [
            Problem(
                "CFG-005",
                _where("data_end_date", environ, env_file),
                variable_of("data_end_date"),
                settings.data_end_date.isoformat(),
                f"on or after {variable_of('data_start_date')} = {settings.data_start_date}",
            )
        ]
    raise BasisError(
        "CFG-005",
        f"{len(problems)} environment variable{'s are' if len(problems) != 1 else ' is'} missing or invalid",
        looked_in=_looked_in(env_file),
        found=", ".join(_basis_variables(merged)) or f"no {PREFIX} variable at all",
        resolution="set the named variables in the environment, or copy .env.example to .env and edit it",
        problems=tuple(problems),
    )


def variable_of(field: str) -> str:
    """``data_dir`` is read from ``BASIS_DATA_DIR``."""
    return PREFIX + field.upper()


def _problem(detail: ErrorDetails, merged: Mapping[str, str], env_file: Path | None) -> Problem:
    field = str(detail["loc"][0])
    variable = variable_of(field)
    kind = detail["type"]
    expected = detail["ctx"]["expected"] if kind == "literal_error" else _EXPECTED.get(kind, detail["msg"])
    if kind == "missing":
        others = [name for name in _basis_variables(merged) if name not in map(variable_of, Settings.model_fields)]
        likely = get_close_matches(variable, others, n=2)
        related = f"; {' and '.join(likely)} exists, is that it?" if likely else ""
        value = merged.get(variable, MISSING)
        return Problem("CFG-005", _looked_in(env_file), variable, value, expected + related)
    return Problem("CFG-005", _looked_in(env_file), variable, merged[variable], expected)


def _where(field: str, environ: Mapping[str, str], env_file: Path | None) -> str:
    return "environment" if variable_of(field) in environ else str(env_file)


def _looked_in(env_file: Path | None) -> str:
    if env_file is None:
        return "environment"
    return f"environment and {env_file}" + ("" if env_file.is_file() else " (no such file)")


def _basis_variables(merged: Mapping[str, str]) -> list[str]:
    """Plain settings; names nested by ``__`` are overrides or credentials, and no one's business here."""
    return sorted(name for name in merged if name.startswith(PREFIX) and SEPARATOR not in name)
