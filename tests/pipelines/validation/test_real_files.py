"""The real files, against the numbers their README states."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_files import load_unused_files, undeclared_files
from pipelines.validation import DatasetLoad, validate_dataset
from pipelines.validation.coverage import check_coverage

pytestmark = pytest.mark.real_data

WINDOW = date(2024, 5, 12), date(2025, 9, 18)
BINANCE_HOLES = [
    "2024-02-10T01", "2024-03-22T01", "2024-05-02T00", "2024-06-12T00", "2024-07-23T00", "2024-09-02T00",
    "2024-10-13T00", "2024-11-23T01",
    "2025-01-03T01", "2025-02-13T01", "2025-03-26T01", "2025-05-06T00", "2025-06-16T00", "2025-07-27T00",
    "2025-09-06T00",
]  # fmt: skip
BYBIT_TWICE = [
    "2024-02-10", "2024-03-21", "2024-04-30", "2024-06-09", "2024-07-19", "2024-08-28", "2024-10-07", "2024-11-16",
    "2024-12-26",
    "2025-02-04", "2025-03-16", "2025-04-25", "2025-06-04", "2025-07-14", "2025-08-23",
]  # fmt: skip
# dataset: rows, first and last stamp
SPANS = {
    "binance_btc_spot": (14967, "2024-01-01T00", "2025-09-29T23"),
    "bybit_btc_spot": (15312, "2024-01-01T00", "2025-09-29T23"),
    "bybit_eth_spot": (15216, "2024-01-01T00", "2025-09-25T23"),
    "uniswap_weth_spot": (15259, "2024-01-01T00", "2025-09-27T18"),
    "uniswap_eigen_spot": (8587, "2024-10-05T00", "2025-09-27T18"),
    "uniswap_ethfi_spot": (13075, "2024-04-01T00", "2025-09-27T18"),
    "binance_btc_perp": (14967, "2024-01-01T00", "2025-09-29T23"),
    "binance_eth_perp": (14871, "2024-01-01T00", "2025-09-25T23"),
    "bybit_btc_perp": (15312, "2024-01-01T00", "2025-09-29T23"),
    "bybit_eth_perp": (15216, "2024-01-01T00", "2025-09-25T23"),
    "okx_eth_perp": (8064, "2024-08-01T00", "2025-08-31T23"),
    "binance_btc_funding": (1914, "2024-01-01T00", "2025-09-29T16"),
    "binance_eth_funding": (1902, "2024-01-01T00", "2025-09-25T16"),
    "bybit_btc_funding": (1914, "2024-01-01T00", "2025-09-29T16"),
    "bybit_eth_funding": (1902, "2024-01-01T00", "2025-09-25T16"),
    "okx_btc_funding": (264, "2025-06-10T00", "2025-09-07T16"),
    "okx_eth_funding": (264, "2025-06-10T00", "2025-09-07T16"),
    "aave_usdt_reserve": (638, "2024-01-01T00", "2025-09-29T00"),
    "aave_weth_reserve": (638, "2024-01-01T00", "2025-09-29T00"),
    "aave_weeth_reserve": (506, "2024-05-12T00", "2025-09-29T00"),
    "aave_wsteth_reserve": (506, "2024-05-12T00", "2025-09-29T00"),
    "weeth_oracle_rate": (506, "2024-05-12T00", "2025-09-29T00"),
    "wsteth_oracle_rate": (506, "2024-05-12T00", "2025-09-29T00"),
    "weeth_market_rate": (12063, "2024-05-13T04", "2025-09-27T18"),
    "wsteth_market_rate": (12068, "2024-05-12T23", "2025-09-27T18"),
    "eth_gas_price": (15240, "2024-01-01T00", "2025-09-26T23"),
    "execution_costs": (20691, "2024-01-01T00", "2025-09-18T00"),
    "etherfi_eigen_rewards": (44, "2024-10-05T00", "2025-08-02T00"),
    "etherfi_ethfi_topups": (7, "2024-10-18T00", "2024-12-19T00"),
    "etherfi_ethfi_seasons": (5, "2024-03-18T00", "2025-06-15T00"),
    "ethena_susde_benchmark": (586, "2024-02-16T00", "2025-09-23T00"),
    "eeth_apy_benchmark": (482, "2024-06-05T00", "2025-09-29T00"),
    "usdt_usd_oracle": (638, "2024-01-01T00", "2025-09-29T00"),
}


@pytest.fixture(scope="module")
def loads(real_data: Path, datasets: Mapping[str, DatasetConfig]) -> dict[str, DatasetLoad]:
    root, begun = DataRoot.open(real_data), time.perf_counter()
    loads = {name: validate_dataset(config, root) for name, config in datasets.items()}
    assert time.perf_counter() - begun < 20
    return loads


def test_nothing_blocks_and_only_declared_files_are_absent(loads: dict[str, DatasetLoad]) -> None:
    assert [problem for load in loads.values() for problem in load.problems] == []
    assert {name for name, load in loads.items() if load.absent} == {"okx_btc_perp", "binance_eth_spot"}


@pytest.mark.parametrize("dataset", SPANS)
def test_rows_and_spans(loads: dict[str, DatasetLoad], dataset: str) -> None:
    load, (rows, first, last) = loads[dataset], SPANS[dataset]
    assert load.rows.num_rows == rows
    assert (f"{load.first_ts:%Y-%m-%dT%H}", f"{load.last_ts:%Y-%m-%dT%H}") == (first, last)


@pytest.mark.parametrize("dataset", ["binance_btc_spot", "binance_btc_perp", "binance_eth_perp"])
def test_binance_has_fifteen_holes_of_23_hours(loads: dict[str, DatasetLoad], dataset: str) -> None:
    gaps = loads[dataset].gaps
    assert [f"{gap.gap_start:%Y-%m-%dT%H}" for gap in gaps] == BINANCE_HOLES
    assert {gap.missing for gap in gaps} == {23}
    assert {gap.gap_end - gap.gap_start for gap in gaps} == {timedelta(hours=22)}


@pytest.mark.parametrize("dataset", ["bybit_btc_spot", "bybit_eth_spot", "bybit_btc_perp", "bybit_eth_perp"])
def test_bybit_has_fifteen_rows_twice(loads: dict[str, DatasetLoad], dataset: str) -> None:
    (check,) = [check for check in loads[dataset].checks if check.check_name == "exact_duplicates"]
    assert check.observed == "15 rows"
    assert check.details == ", ".join(f"{day}T00:00Z" for day in BYBIT_TWICE)


def test_okx_perp_lacks_two_monthly_archives(loads: dict[str, DatasetLoad]) -> None:
    gaps = [
        (f"{gap.gap_start:%Y-%m-%dT%H}", f"{gap.gap_end:%Y-%m-%dT%H}", gap.missing)
        for gap in loads["okx_eth_perp"].gaps
    ]
    assert gaps == [("2024-08-31T16", "2024-09-30T15", 720), ("2025-03-31T16", "2025-04-30T15", 720)]


@pytest.mark.parametrize("asset", ["btc", "eth"])
def test_okx_funding_conflicts_block_without_the_declared_period(
    real_data: Path, datasets: Mapping[str, DatasetConfig], asset: str
) -> None:
    config = datasets[f"okx_{asset}_funding"].model_copy(update={"invalid_periods": []})
    load = validate_dataset(config, DataRoot.open(real_data))
    assert {problem.code for problem in load.problems} == {"DATA-004"}
    assert len(load.quarantine) == 420
    (check,) = [check for check in load.checks if check.check_name == "conflicting_duplicates"]
    assert check.observed == "420 rows"
    assert check.ts == datetime(2025, 3, 29, tzinfo=UTC)
    assert load.problems[0].key.startswith("2025-03-29T00:00Z..")
    assert "..2025-06-09T16:00Z" in load.problems[-1].key
    assert load.rows.num_rows == 1353 - 210


def test_okx_funding_days_without_rows(real_data: Path, datasets: Mapping[str, DatasetConfig]) -> None:
    config = datasets["okx_btc_funding"].model_copy(update={"invalid_periods": []})
    load = validate_dataset(config, DataRoot.open(real_data))
    empty = {
        (gap.gap_start + timedelta(hours=8 * step)).date().isoformat()
        for gap in load.gaps
        for step in range(gap.missing)
    }
    empty -= {json.loads(row.raw)["funding_timestamp"][:10] for row in load.quarantine}
    august = {f"2024-08-{day:02d}" for day in range(1, 32)}
    assert empty - august == {
        "2024-11-04", "2024-11-09", "2024-12-03", "2024-12-26", "2025-01-29", "2025-02-04", "2025-02-22",
        "2025-03-16", "2025-05-23", "2025-05-25", "2025-06-03", "2025-06-12", "2025-06-23",
    }  # fmt: skip
    assert august <= empty


@pytest.mark.parametrize("lst", ["weeth", "wsteth"])
def test_oracle_rates_are_midnights_and_the_first_comes_from_the_daily_files(
    loads: dict[str, DatasetLoad], lst: str
) -> None:
    load = loads[f"{lst}_oracle_rate"]
    assert {moment.hour for moment in load.rows["ts"].to_pylist()} == {0}
    assert " / " in load.rows["source"][0].as_py()
    (check,) = [check for check in load.checks if check.check_name == "supplement_agrees"]
    assert check.observed == "0 apart at most, over 505 common stamps"
    (dropped,) = [check for check in load.checks if check.check_name == "observed_only"]
    assert dropped.observed == f"{12120 - 505} interpolated rows dropped"


def test_gas_samples_an_hour_old(loads: dict[str, DatasetLoad]) -> None:
    (check,) = [check for check in loads["eth_gas_price"].checks if check.check_name == "sample_age"]
    assert check.observed == "7619 rows"


@pytest.mark.parametrize(
    ("dataset", "hours"),
    [
        ("binance_eth_perp", "2025-02-03T01:00Z"),
        ("bybit_eth_perp", "2025-02-03T01:00Z"),
        ("okx_eth_perp", "2025-02-03T01:00Z"),
        ("bybit_eth_spot", "2025-02-03T01:00Z"),
        ("uniswap_weth_spot", "2025-03-02T16:00Z"),
        ("uniswap_eigen_spot", "2025-05-08T20:00Z"),
        (
            "uniswap_ethfi_spot",
            "2024-07-08T08:00Z, 2025-05-08T15:00Z, 2025-05-09T08:00Z, 2025-05-10T21:00Z, 2025-05-15T15:00Z",
        ),
    ],
)
def test_hours_beyond_ten_percent(loads: dict[str, DatasetLoad], dataset: str, hours: str) -> None:
    (check,) = [check for check in loads[dataset].checks if check.check_name == "suspicious_return"]
    assert check.details == hours


@pytest.mark.parametrize(
    ("dataset", "observed"),
    [
        ("bybit_btc_spot", "11880 of 11880 stamps"),
        ("binance_btc_perp", "11604 of 11880 stamps"),
        ("okx_eth_perp", "8064 of 11880 stamps"),
        ("uniswap_eigen_spot", "8376 of 11880 stamps"),
        ("binance_btc_funding", "1485 of 1485 stamps"),
        ("okx_btc_funding", "264 of 1485 stamps"),
        ("aave_usdt_reserve", "495 of 495 stamps"),
        ("eth_gas_price", "11880 of 11880 stamps"),
    ],
)
def test_window_coverage(
    loads: dict[str, DatasetLoad], datasets: Mapping[str, DatasetConfig], dataset: str, observed: str
) -> None:
    assert check_coverage(datasets[dataset], loads[dataset], *WINDOW)[0].observed == observed


def test_every_file_is_declared_or_listed_as_unused(
    real_data: Path, project_root: Path, datasets: Mapping[str, DatasetConfig]
) -> None:
    unused = load_unused_files(project_root / "configs" / "datasets")
    assert undeclared_files(DataRoot.open(real_data), datasets, unused) == []


def test_the_empty_oracle_file_is_a_placeholder(real_data: Path, datasets: Mapping[str, DatasetConfig]) -> None:
    config = datasets["weeth_oracle_rate"].model_copy(
        update={"files": "protocol_data/aave/oracle/USDT_ETH_oracle_*.csv", "supplement": None}
    )
    load = validate_dataset(config, DataRoot.open(real_data))
    assert [problem.code for problem in load.problems] == ["DATA-007"]
    assert load.rows.num_rows == 0
