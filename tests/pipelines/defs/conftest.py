"""Settings in the environment: Dagster opens the project itself."""

from __future__ import annotations

import pytest

from pipelines.project import Project


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, settings: dict[str, object]) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"BASIS_{name.upper()}", str(value))


@pytest.fixture
def opened(project: Project) -> Project:
    """The project a run of the definitions opens, seen from the test."""
    return project
