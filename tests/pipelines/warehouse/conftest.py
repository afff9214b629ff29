from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # child processes and tests share made_up_lake

from made_up_lake import write_made_up_lake

from pipelines.warehouse import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake without rows."""
    return Lake(tmp_path / "project")


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A tiny made-up warehouse; tests only read it."""
    return write_made_up_lake(tmp_path_factory.mktemp("made_up"))
