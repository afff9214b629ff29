from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

CONFIGS = Path(__file__).parents[3] / "configs"
DELETE = object()
Edit = Callable[[str, Mapping[str, Any]], None]


@pytest.fixture
def configs_dir(tmp_path: Path) -> Path:
    """A copy of the shipped configuration that a test may break."""
    for section in ("modes", "venues", "share_classes"):
        shutil.copytree(CONFIGS / section, tmp_path / "configs" / section)
    return tmp_path / "configs"


@pytest.fixture
def edit(configs_dir: Path) -> Edit:
    """Change dotted keys of one file; list items by number, DELETE removes a key."""

    def change(file: str, changes: Mapping[str, Any]) -> None:
        path = configs_dir / file
        content = yaml.safe_load(path.read_text())
        for dotted, value in changes.items():
            *parents, last = [int(part) if part.isdigit() else part for part in dotted.split("/")]
            level = content
            for part in parents:
                level = level[part]
            if value is DELETE:
                del level[last]
            else:
                level[last] = value
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    return change


@pytest.fixture
def delete() -> object:
    return DELETE
