"""docs/engine.md and docs/stress.md: their code runs as it stands, and the engine in it takes ten lines."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from engine.results import RESIDUAL_TOLERANCE


def code(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_code_of_the_pages_runs(project_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = code(project_root / "docs" / "engine.md")
    monkeypatch.chdir(project_root)
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for block in (*blocks, *code(project_root / "docs" / "stress.md")):
            exec(compile(block, "docs", "exec"), names)  # noqa: S102 - the pages are ours
    body = [node for node in ast.parse(blocks[0]).body if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(body) == 10
    assert sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in body) == 10
    assert names["result"].worst_residual()[0] <= RESIDUAL_TOLERANCE
    assert names["result"].final_nav > names["run"].initial_capital, "the funding of the page is positive"
    assert names["moved"].record.net_flows.sum() == pytest.approx(15_000.0)
    assert "'survived'" in printed.getvalue()


def test_every_module_the_page_names_is_there(project_root: Path) -> None:
    page = (project_root / "docs" / "engine.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:engine/|strategies/|docs/|tests/)?[a-z_0-9/-]+\.(?:py|md))`", page):
        roots = [project_root, project_root / "engine", project_root / "engine" / "strategies"]
        assert any((root / name).is_file() for root in roots), name
