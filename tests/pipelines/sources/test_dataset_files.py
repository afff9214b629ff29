"""Dataset declarations: strict, whole, and every mistake named at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.errors import BasisError
from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset_files import load_dataset_configs, load_unused_files, undeclared_files
from pipelines.validation.rules import RULES

DATASETS = {
    "binance_btc_spot", "bybit_btc_spot", "binance_eth_spot", "bybit_eth_spot",
    "uniswap_weth_spot", "uniswap_eigen_spot", "uniswap_ethfi_spot",
    *(f"{venue}_{asset}_{kind}" for venue in ("binance", "bybit", "okx") for asset in ("btc", "eth")
      for kind in ("perp", "funding")),
    *(f"aave_{asset}_reserve" for asset in ("usdt", "weth", "weeth", "wsteth")),
    *(f"{lst}_{kind}_rate" for lst in ("weeth", "wsteth") for kind in ("oracle", "market")),
    "eth_gas_price", "execution_costs", "etherfi_eigen_rewards", "etherfi_ethfi_topups", "etherfi_ethfi_seasons",
    "ethena_susde_benchmark", "eeth_apy_benchmark", "usdt_usd_oracle",
}  # fmt: skip


@pytest.fixture
def shipped(project_root: Path) -> Path:
    return project_root / "configs" / "datasets"


def test_every_dataset_is_declared(shipped: Path) -> None:
    assert set(load_dataset_configs(shipped)) == DATASETS


def test_every_fill_is_bounded_or_has_a_reason_and_names_its_sources(shipped: Path) -> None:
    for config in load_dataset_configs(shipped).values():
        fills = "proxy" in {config.gap_policy.action, config.gap_policy.absent_file}
        assert bool(config.proxies) == fills
        assert config.gap_policy.max_gap_hours is not None or config.gap_policy.reason or not fills


def test_every_rule_says_why_and_what_declares_it() -> None:
    assert all(rule.why and rule.declared_by and rule.expected for rule in RULES.values())
    assert all((rule.code is not None) == (rule.severity == "blocking") for rule in RULES.values())


def spoil(shipped: Path, folder: Path, dataset: str, **changes: object) -> None:
    content = yaml.safe_load((shipped / f"{dataset}.yaml").read_text(encoding="utf-8"))
    for key, value in changes.items():
        target = content
        *path, last = key.split("__")
        for step in path:
            target = target[step]
        target[last] = value
    (folder / f"{dataset}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def test_all_mistakes_of_all_files_at_once(shipped: Path, tmp_path: Path) -> None:
    spoil(shipped, tmp_path, "bybit_btc_perp", cadense="1h", cadence="2h", time__formats=["iso"])
    spoil(shipped, tmp_path, "okx_btc_funding", proxies=["bybit_btc_funding"], gap_policy__reason=None)
    spoil(shipped, tmp_path, "binance_btc_perp", proxies=["kraken_btc_perp", "bybit_btc_spot"])
    spoil(shipped, tmp_path, "bybit_btc_spot", feeds__asset="BTC")
    (tmp_path / "broken.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(BasisError) as caught:
        load_dataset_configs(tmp_path)
    found = {(Path(problem.where).name, problem.key) for problem in caught.value.problems}
    assert {
        ("bybit_btc_perp.yaml", "cadense"),
        ("bybit_btc_perp.yaml", "cadence"),
        ("bybit_btc_perp.yaml", "time.formats.0"),
        ("okx_btc_funding.yaml", "gap_policy"),
        ("binance_btc_perp.yaml", "proxies"),
        ("bybit_btc_spot.yaml", "feeds"),
        ("broken.yaml", "(file)"),
    } <= found
    assert "kraken_btc_perp" in {problem.value for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gap_policy__action": "proxy", "gap_policy__max_gap_hours": 24}, "proxies is empty"),
        ({"proxies": ["okx_btc_perp"]}, "gap_policy uses none"),
        ({"rules__positive": ["opne"]}, "opne"),
        ({"columns__vwap": {"from": "vwap", "unit": "USDT"}}, "vwap"),
        ({"columns__open": {"from": "open", "constant": "1", "unit": "USDT"}}, "exactly one of"),
        ({"invalid_periods": [{"start": "2025-02-01T00Z", "end": "2025-01-01T00Z", "reason": "x"}]}, "is after end"),
        ({"invalid_periods": [{"start": "2025-01-02", "end": "2025-01-03", "reason": "x"}]}, "timezone"),
    ],
)  # fmt: skip
def test_contradictions_inside_a_file(shipped: Path, tmp_path: Path, changes: dict[str, object], message: str) -> None:
    spoil(shipped, tmp_path, "bybit_btc_perp", **changes)
    with pytest.raises(BasisError) as caught:
        load_dataset_configs(tmp_path)
    assert message in str(caught.value)


def test_a_file_is_named_after_its_dataset(shipped: Path, tmp_path: Path) -> None:
    spoil(shipped, tmp_path, "bybit_btc_perp")
    (tmp_path / "bybit_btc_perp.yaml").rename(tmp_path / "other.yaml")
    with pytest.raises(BasisError, match=r"other, the file's own name"):
        load_dataset_configs(tmp_path)


def test_folder_without_dataset_files(tmp_path: Path) -> None:
    with pytest.raises(BasisError) as caught:
        load_dataset_configs(tmp_path)
    assert caught.value.code == "CFG-006"


def test_undeclared_files_are_shown(shipped: Path, tmp_path: Path) -> None:
    for name in ("README.md", "odd/surprise.csv", "execution_costs/execution_cost_summary.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    root, datasets = DataRoot.open(tmp_path), load_dataset_configs(shipped)
    assert undeclared_files(root, datasets, load_unused_files(shipped)) == ["odd/surprise.csv"]
    assert undeclared_files(root, datasets) == ["execution_costs/execution_cost_summary.json", "odd/surprise.csv"]


def test_data_root_knows_its_label(tmp_path: Path) -> None:
    plain = DataRoot.open(tmp_path)
    assert (plain.label, plain.synthetic) == ("csv", False)
    (tmp_path / "SOURCE.yaml").write_text("label: synthetic\nsynthetic: true\ndescription: made up\nseed: 42\n")
    made_up = DataRoot.open(tmp_path)
    assert made_up.synthetic
    assert made_up.source(tmp_path / "x" / "a.csv") == "synthetic/a.csv"
    assert made_up.data_root_id.startswith("synthetic-")
    assert made_up.data_root_id == DataRoot.open(tmp_path / "." / ".").data_root_id


def test_data_root_refusals(tmp_path: Path) -> None:
    with pytest.raises(BasisError) as missing:
        DataRoot.open(tmp_path / "nowhere")
    assert missing.value.code == "DATA-001"
    (tmp_path / "SOURCE.yaml").write_text("label: Synthetic\n")
    with pytest.raises(BasisError) as wrong:
        DataRoot.open(tmp_path)
    assert wrong.value.code == "DATA-008"


@pytest.mark.parametrize("barred", ["prices", "prices/a_1.csv"])
def test_a_file_this_user_may_not_read_is_not_taken_for_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, barred: str
) -> None:
    """A glob would find nothing there, and a declared proxy would silently take its place."""
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "a_1.csv").write_text("x\n")
    root = DataRoot.open(tmp_path)
    assert [path.name for path in root.matches("prices/a_*.csv")] == ["a_1.csv"]
    assert root.matches("nowhere/a_*.csv") == []
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path) != tmp_path / barred)
    with pytest.raises(BasisError, match="may not read it") as refusal:
        root.matches("prices/a_*.csv")
    assert refusal.value.code == "DATA-008"
