"""Made-up raw files for the declared datasets, in a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_files import load_dataset_configs
from pipelines.validation import DatasetLoad, validate_dataset

START = datetime(2024, 6, 1, tzinfo=UTC)
PERP_HEADER = "timestamp,open,high,low,close,volume,quote_volume,trades_count,source,symbol,data_type"


def stamp(hour: int) -> str:
    return (START + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")


def bar(hour: int, price: float | None = None, when: str | None = None) -> str:
    """A sound Binance bar; prices wander."""
    value = round(1000.0 + 20 * float(np.random.default_rng(hour).random()), 4) if price is None else price
    cells = (when or stamp(hour), value, value + 2, value - 2, value + 1, 3.0, 3.0 * (value + 0.5), 10)
    return ",".join(str(cell) for cell in cells) + ",binance_futures,BTCUSDT,futures"


def bars(count: int = 72) -> list[str]:
    return [bar(hour) for hour in range(count)]


def perp_file(lines: list[str], end: str = "\n") -> str:
    return end.join([PERP_HEADER, *lines]) + end


def aave_file(indices: list[tuple[float, float]], days: list[int] | None = None) -> str:
    """Daily reserve rows with the given (liquidity, borrow) indices."""
    lines = ["targetDate,timestamp,symbol,liquidityIndex,currentLiquidityRate,variableBorrowIndex,"
             "currentVariableBorrowRate,price"]  # fmt: skip
    for day, (supply, borrow) in zip(days or range(len(indices)), indices, strict=True):
        moment = START + timedelta(days=day)
        written = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"{written},{int(moment.timestamp())},USDT,{supply},0.05,{borrow},0.07,1.0")
    return "\n".join(lines) + "\n"


def failed(load: DatasetLoad) -> dict[str, str]:
    """Checks that did not pass: name -> observed and details."""
    return {check.check_name: f"{check.observed} {check.details}" for check in load.checks if not check.passed}


@dataclass(frozen=True)
class RawFolder:
    """Writes text where a dataset's pattern looks for it, and validates the dataset."""

    path: Path
    datasets: Mapping[str, DatasetConfig]

    def write(self, pattern: str, text: str | bytes) -> str:
        name = pattern.replace("????-??-??_????-??-??", "2024-06-01_2024-06-30").replace("*", "made_up")
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    def load(self, dataset: str, text: str | bytes | None = None) -> DatasetLoad:
        config = self.datasets[dataset]
        if text is not None:
            self.write(config.files, text)
        return validate_dataset(config, DataRoot.open(self.path))

    bar = staticmethod(bar)
    bars = staticmethod(bars)
    perp_file = staticmethod(perp_file)
    aave_file = staticmethod(aave_file)
    failed = staticmethod(failed)


@pytest.fixture(scope="session")
def datasets(project_root: Path) -> Mapping[str, DatasetConfig]:
    return load_dataset_configs(project_root / "configs" / "datasets")


@pytest.fixture
def folder(tmp_path: Path, datasets: Mapping[str, DatasetConfig]) -> RawFolder:
    return RawFolder(tmp_path.resolve(), datasets)
