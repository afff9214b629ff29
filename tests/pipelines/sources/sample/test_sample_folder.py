"""Writing a sample: repeatable, whole or not at all, and never over somebody's files."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from engine.errors import BasisError
from pipelines.sources.data_root import DataRoot
from pipelines.sources.sample import SampleManifest, generate_sample, generator

START = date(2026, 3, 1)
DAYS = 6


def contents(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_equal_arguments_give_equal_bytes_wherever_they_are_written(tmp_path: Path) -> None:
    generate_sample(tmp_path / "one", 7, START, DAYS)
    generate_sample(tmp_path / "two", 7, START, DAYS)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_gives_other_prices(tmp_path: Path) -> None:
    generate_sample(tmp_path / "one", 7, START, DAYS)
    generate_sample(tmp_path / "two", 8, START, DAYS)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one.keys() == two.keys()
    candles = [path for path in one if "1h_" in path]
    assert len(candles) == 11
    assert all(one[path] != two[path] for path in candles)


def test_the_manifest_lists_every_file_with_its_hash(sample: SampleManifest) -> None:
    present = contents(sample.root)
    del present[generator.MANIFEST_FILE]
    assert {entry.path: entry.sha256 for entry in sample.files} == present
    assert sample.created


def test_progress_names_each_file_and_ends_at_the_total(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    generate_sample(tmp_path / "s", 7, START, DAYS, lambda *call: calls.append(call))
    assert [done for _, done, _ in calls] == list(range(1, generator.FILE_COUNT + 1))
    assert {total for _, _, total in calls} == {generator.FILE_COUNT}
    assert calls[0][0] == "market_data/spot_prices/btc_usd/binance_BTCUSDT_1h_2026-03-01_2026-03-07.csv"


def test_it_says_that_it_is_synthetic(sample_root: Path) -> None:
    source = yaml.safe_load((sample_root / "SOURCE.yaml").read_text())
    assert source == {"label": "synthetic", "synthetic": True, "description": source["description"], "seed": 42}
    assert "ALL NUMBERS IN THIS FOLDER ARE SYNTHETIC" in (sample_root / "README.txt").read_text()
    root = DataRoot.open(sample_root)
    assert root.synthetic
    assert root.label == "synthetic"


def test_every_source_column_says_synthetic(sample_root: Path) -> None:
    seen = 0
    for path in sample_root.rglob("*.csv"):
        lines = [line for line in path.read_text("utf-8-sig").splitlines() if not line.startswith("# ")]
        header = lines[0].split(",")
        for name in {"source", "data_source", "yield_source"} & set(header):
            values = {line.split(",")[header.index(name)] for line in lines[1:]}
            assert values <= {"synthetic"}, path
            seen += 1
    assert seen >= 30


def test_an_up_to_date_sample_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "s"
    first = generate_sample(target, 7, START, DAYS)
    before = (target / "SOURCE.yaml").stat().st_mtime_ns
    calls: list[str] = []
    again = generate_sample(target, 7, START, DAYS, lambda name, *_: calls.append(name))
    assert (target / "SOURCE.yaml").stat().st_mtime_ns == before
    assert not again.created
    assert again.files == first.files
    assert calls == []


def test_a_sample_of_other_arguments_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "s"
    generate_sample(target, 7, START, DAYS)
    generate_sample(target, 7, START, DAYS + 1)
    assert json.loads((target / "sample.json").read_text())["days"] == DAYS + 1
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
    assert not list(target.rglob("*2026-03-07.csv"))


def test_a_sample_of_an_older_generator_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "s"
    generate_sample(target, 7, START, DAYS)
    monkeypatch.setattr(generator, "GENERATOR_VERSION", generator.GENERATOR_VERSION + 1)
    assert generate_sample(target, 7, START, DAYS).created


@pytest.mark.parametrize("content", ["own.csv", "market_data/own.csv"])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, content: str) -> None:
    own = tmp_path / "s" / content
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(BasisError, match="will not be overwritten") as refusal:
        generate_sample(tmp_path / "s", 7, START, DAYS)
    assert refusal.value.code == "DATA-008"
    assert contents(tmp_path / "s") == {content: hashlib.sha256(b"mine").hexdigest()}


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("mine")
    with pytest.raises(BasisError, match="will not be overwritten"):
        generate_sample(tmp_path / "s", 7, START, DAYS)


def test_an_unreadable_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "sample.json").write_text("{}")
    with pytest.raises(BasisError, match="cannot be read"):
        generate_sample(tmp_path / "s", 7, START, DAYS)


@pytest.mark.parametrize("change", ["add", "edit", "remove"])
def test_a_sample_somebody_changed_is_not_replaced(tmp_path: Path, change: str) -> None:
    target = tmp_path / "s"
    generate_sample(target, 7, START, DAYS)
    candles = next(target.rglob("bybit_ETHUSDT_perp*.csv"))
    if change == "add":
        (target / "mine.csv").write_text("mine")
    elif change == "edit":
        candles.write_bytes(candles.read_bytes() + b"\n")
    else:
        candles.unlink()
    before = contents(target)
    assert not generate_sample(target, 7, START, DAYS).created
    with pytest.raises(BasisError, match="changed, added or removed") as refusal:
        generate_sample(target, 8, START, DAYS)
    assert "mine.csv" in str(refusal.value) or candles.name in str(refusal.value)
    assert contents(target) == before


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    assert generate_sample(tmp_path / "s", 7, START, DAYS).created


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_sample(tmp_path / "s", 7, START, DAYS, stop)
    assert list(tmp_path.iterdir()) == []


def test_all_bad_arguments_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BasisError) as refusal:
        generate_sample(tmp_path / "s", -1, START, 0)
    assert [problem.key for problem in refusal.value.problems] == ["seed", "days"]
