"""`basis stress`: the table on screen, as CSV and JSON, and as a page; nothing is published."""

from __future__ import annotations

import csv
import io
import json

import pytest

from pipelines.cli import main
from pipelines.project import Project


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, project: Project) -> Project:
    """The command works on the test's project."""
    monkeypatch.setattr(Project, "open", classmethod(lambda *_: project))
    return project


def test_the_table_and_its_page(here: Project, capsys) -> None:
    assert main(["stress", "usdt_market_neutral", "--capital", "50000", "--at", "2026-01-20T00:00Z"]) == 0
    out = capsys.readouterr().out
    for part in ("shocks from 2026-01-20T00:00Z", "USDT at 0.97 USD", "not exposed", "synthetic"):
        assert part in out
    page = here.results_dir / "stress" / "usdt_market_neutral-2026-01-01_2026-02-14.md"
    assert f"page: {page}" in out
    text = page.read_text()
    assert "# Stress of usdt_market_neutral" in text and "50,000.00 USDT" in text
    assert "B'(t) = B(t) · exp(0.2 · min(t − a, 168)/8760)" in text
    assert here.lake.partitions("results.summary") == [], "a stress test publishes nothing"
    assert [path.name for path in page.parent.iterdir()] == [page.name]


def test_as_json_and_csv(here: Project, capsys) -> None:
    assert main(["stress", "pure_lending", "--format", "json"]) == 0
    rows = {row["scenario"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["USDT at 0.97 USD"]["effect_share"] == pytest.approx(-0.03, abs=1e-4)
    assert rows["borrow rate +10 points for 7 days"]["verdict"] == "not exposed"
    assert main(["stress", "pure_lending", "--format", "csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["scenario"] for row in table[2:]] == list(rows)[1:]
    assert float(next(row for row in table if row["scenario"].startswith("USDT"))["effect"]) < 0.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "there is no mode 'nope'"),
        (["pure_lending", "--at", "noon"], "--at is not a time"),
        (["pure_lending", "--at", "2026-01-20T00:00"], "the shocks must start at an hour"),
        (["pure_lending", "--at", "2026-01-20T00:30Z"], "the shocks must start at an hour"),
        (["pure_lending", "--at", "2026-01-01T00:00Z"], "a shock must start inside the window"),
        (["pure_lending", "--at", "2027-01-01T00:00Z"], "a shock must start inside the window"),
        (["pure_lending", "--set", "nope=1"], "nope"),
    ],
)
def test_refusals(here: Project, capsys, arguments: list[str], said: str) -> None:
    assert main(["stress", *arguments]) == 2
    assert said in capsys.readouterr().err
