"""Every declared dataset finds its file in the sample and accepts it."""

from __future__ import annotations

from pathlib import Path

from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset_files import load_dataset_configs
from pipelines.validation import validate_dataset

ABSENT = {"binance_eth_spot", "okx_btc_perp"}


def test_declared_datasets_load_without_a_problem(sample_root: Path, project_root: Path) -> None:
    root = DataRoot.open(sample_root)
    loads = {
        name: validate_dataset(config, root)
        for name, config in load_dataset_configs(project_root / "configs" / "datasets").items()
    }
    assert {name for name, load in loads.items() if load.rows.num_rows == 0} == ABSENT
    for name, load in loads.items():
        assert not load.problems, name
        assert not load.quarantine, name
        assert load.synthetic
        if name not in ABSENT:
            sources = load.rows.column("source").unique().to_pylist()
            assert all(source.startswith("synthetic/") for source in sources), name
    assert {name for name, load in loads.items() if load.gaps} == {
        "binance_btc_spot",
        "binance_btc_perp",
        "binance_eth_perp",
    }
