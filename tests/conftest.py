"""Fixtures shared by every test: the real data folder, and Hypothesis profiles that repeat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

PROJECT_ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def project_root() -> Path:
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real market history.  Missing is a failure in CI and a skip elsewhere."""
    folder = Path(os.environ.get("BASIS_TEST_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data")).resolve()
    if not (folder / "manifest.csv").is_file():
        reason = f"real market data is not at {folder} (set BASIS_TEST_REAL_DATA to its folder)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
