"""A small made-up market and a project of its own in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from engine.config import Settings
from pipelines.project import PROJECT_ROOT, Project
from pipelines.sources.sample import generate_sample

SAMPLE_START, SAMPLE_END, SAMPLE_DAYS = date(2026, 1, 1), date(2026, 2, 14), 45


@pytest.fixture(scope="session")
def small_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic days, enough for every dataset to have rows; never written to by a test (copy it first)."""
    folder = tmp_path_factory.mktemp("data") / "sample"
    generate_sample(folder, 7, SAMPLE_START, SAMPLE_DAYS)
    return folder


@pytest.fixture
def settings(small_sample: Path) -> dict[str, object]:
    return {
        "environment": "dev",
        "execution_mode": "backtest",
        "data_mode": "csv",
        "data_dir": small_sample,
        "results_dir": Path("results"),
        "log_level": "INFO",
        "data_start_date": SAMPLE_START,
        "data_end_date": SAMPLE_END,
    }


@pytest.fixture
def make_project(tmp_path: Path, settings: dict[str, object]) -> Callable[..., Project]:
    """A project whose warehouse and results are in the test's folder; keywords replace settings."""

    def make(**changed: object) -> Project:
        return Project(tmp_path, PROJECT_ROOT / "configs", Settings(**{**settings, **changed}), {})

    return make


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project()
