"""The folder of answers recorded from the real Aave v3 contracts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def oracles(project_root: Path) -> Path:
    """Folder with ``aave_v<version>.json``.  Missing is a failure in CI and a skip elsewhere."""
    folder = Path(os.environ.get("BASIS_TEST_ORACLES", project_root.parent / "shared" / "oracles" / "aave")).resolve()
    if not any(folder.glob("aave_v*.json")):
        reason = f"recorded Aave answers are not at {folder} (set BASIS_TEST_ORACLES to their folder)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
