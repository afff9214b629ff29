"""End to end from the real files: counts and values recomputed here with csv and pandas alone."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pytest

from engine.config import load_configuration
from engine.config.mode import ModeConfig
from engine.errors import BasisError
from pipelines.market import (
    MARKET_SCHEMAS,
    MarketSource,
    PanelBuild,
    build_market_table,
    build_panel,
    cross_venue_checks,
)
from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_files import load_dataset_configs
from pipelines.validation.records import DatasetLoad
from pipelines.validation.validate import validate_dataset
from pipelines.warehouse.conform import conform
from pipelines.warehouse.schema import load_schema

pytestmark = pytest.mark.real_data

START, END = date(2024, 5, 12), date(2025, 9, 18)
HOURS = pd.date_range("2024-05-12", "2025-09-18 23:00", freq="h", tz="UTC")
SETTLEMENTS = HOURS[HOURS.hour % 8 == 0]
FUTURES, SPOT = "market_data/derivatives/futures_ohlcv", "market_data/spot_prices"
FUNDING, RATES = "market_data/derivatives/funding_rates", "protocol_data/aave/rates"
HOLE_DAYS = (
    ("2024-06-12", 0), ("2024-07-23", 0), ("2024-09-02", 0), ("2024-10-13", 0), ("2024-11-23", 1), ("2025-01-03", 1),
    ("2025-02-13", 1), ("2025-03-26", 1), ("2025-05-06", 0), ("2025-06-16", 0), ("2025-07-27", 0), ("2025-09-06", 0),
)  # fmt: skip
HOLES = [f"{day}T{first:02}:00Z..{first + 22}:00Z" for day, first in HOLE_DAYS]


@dataclass(frozen=True)
class Run:
    mode: ModeConfig
    allow_proxies: bool = True
    start: date = START
    end: date = END


@dataclass(frozen=True)
class Market:
    folder: Path
    configs: Mapping[str, DatasetConfig]
    loads: Mapping[str, DatasetLoad]
    source: MarketSource
    modes: Mapping[str, ModeConfig]


@pytest.fixture(scope="module")
def market(real_data: Path, project_root: Path) -> Market:
    configs = load_dataset_configs(project_root / "configs" / "datasets")
    root = DataRoot.open(real_data)
    loads = {name: validate_dataset(config, root) for name, config in configs.items()}
    begin = perf_counter()
    tables = [build_market_table(table, loads, configs) for table in MARKET_SCHEMAS]
    assert perf_counter() - begin < 5, "all market tables in a few seconds"
    modes = load_configuration(project_root / "configs", {}).modes
    return Market(real_data, configs, loads, MarketSource.of(tables, loads, configs), modes)


@pytest.fixture(scope="module")
def btc(market: Market) -> PanelBuild:
    begin = perf_counter()
    build = build_panel(Run(market.modes["btc_basis"]), market.source)
    assert perf_counter() - begin < 1.5
    return build


def _raw(market: Market, pattern: str, time: str = "timestamp") -> pd.DataFrame:
    (path,) = market.folder.glob(pattern)
    frame = pd.read_csv(path)
    unit = None if frame[time].dtype == object or isinstance(frame[time].dtype, pd.StringDtype) else "s"
    frame.index = pd.to_datetime(frame[time], utc=True, unit=unit)
    return frame


def _stamps(market: Market, pattern: str, column: str = "timestamp") -> set[pd.Timestamp]:
    (path,) = market.folder.glob(pattern)
    with path.open(newline="") as lines:
        return {pd.Timestamp(row[column]) for row in csv.DictReader(lines)}


def test_proxied_rows_of_the_canonical_window_agree_with_the_raw_files(market: Market, btc: PanelBuild) -> None:
    hours = set(HOURS)
    no_spot = len(hours - _stamps(market, f"{SPOT}/btc_usd/binance_BTCUSDT_1h_*.csv"))
    no_perp = len(hours - _stamps(market, f"{FUTURES}/binance_BTCUSDT_perp_1h_*.csv"))
    okx = {
        at
        for at in _stamps(market, f"{FUNDING}/okx_BTCUSDT_*.csv", "funding_timestamp")
        if at >= pd.Timestamp("2025-06-10", tz="UTC")
    }
    no_okx = len(set(SETTLEMENTS) - okx)
    assert (no_spot, no_perp, no_okx) == (276, 276, 1221)
    proxied = {key: int(flags.sum()) for key, flags in btc.panel.proxied.items()}
    assert proxied == {
        "spot:binance:BTCUSDT": no_spot,
        "spot:binance:ETHUSDT": len(HOURS),
        "perp:binance:BTCUSDT": no_perp,
        "perp:bybit:BTCUSDT": 0,
        "perp:okx:BTCUSDT": len(HOURS),
        "funding:binance:BTCUSDT": 0,
        "funding:bybit:BTCUSDT": 0,
        "funding:okx:BTCUSDT": no_okx,
        "gas": 0,
    }
    costs = 3 * len(set(HOURS.date))
    assert btc.proxied_rows == sum(proxied.values()) + costs
    assert btc.data_source == "csv"


def test_prices_are_opens_and_proxies_those_of_bybit(market: Market, btc: PanelBuild) -> None:
    own = _raw(market, f"{FUTURES}/binance_BTCUSDT_perp_1h_*.csv")["open"].reindex(HOURS)
    bybit = _raw(market, f"{FUTURES}/bybit_BTCUSDT_perp_1h_*.csv")
    bybit = bybit[~bybit.index.duplicated()]["open"].reindex(HOURS)
    expected = own.fillna(bybit).to_numpy()
    assert np.array_equal(btc.panel.perp["binance:BTCUSDT"], expected)
    assert np.array_equal(btc.panel.perp["okx:BTCUSDT"], expected)
    assert np.array_equal(btc.panel.perp["bybit:BTCUSDT"], bybit.to_numpy())


def test_okx_funding_is_binances_before_it_was_realised(market: Market, btc: PanelBuild) -> None:
    okx, binance = (btc.panel.funding[f"{venue}:BTCUSDT"] for venue in ("okx", "binance"))
    flags = btc.panel.proxied["funding:okx:BTCUSDT"]
    settled = HOURS.hour % 8 == 0
    assert np.array_equal(np.isfinite(okx), settled)
    before = pd.Timestamp("2025-06-10", tz="UTC") > HOURS
    assert flags[settled & before].all()
    assert np.array_equal(okx[flags], binance[flags])
    raw = _raw(market, f"{FUNDING}/okx_BTCUSDT_*.csv", "funding_timestamp")["funding_rate"]
    own = settled & ~flags
    assert own.sum() == 264
    assert np.array_equal(okx[own], raw[HOURS[own]].to_numpy())


def test_aave_indices_are_the_files_at_every_midnight(market: Market) -> None:
    panel = build_panel(Run(market.modes["pure_lending"]), market.source).panel
    raw = _raw(market, f"{RATES}/*_USDT_rates_????-??-??_????-??-??.csv")
    midnights = HOURS[HOURS.hour == 0]
    assert np.array_equal(panel.liquidity_index["USDT"][::24], raw["liquidityIndex"].reindex(midnights).to_numpy())
    assert np.array_equal(panel.borrow_index["USDT"][::24], raw["variableBorrowIndex"].reindex(midnights).to_numpy())
    assert len(midnights) == 495


def test_the_first_interval_of_weeth_grows_at_its_observed_rates(market: Market) -> None:
    panel = build_panel(Run(market.modes["eth_leveraged"]), market.source).panel
    raw = _raw(market, f"{RATES}/*_weETH_rates_????-??-??_????-??-??.csv")
    first, second = raw.iloc[0], raw.iloc[1]
    share = np.arange(24) / 24 / 365
    supply = first["liquidityIndex"] * (1 + first["currentLiquidityRate"] * share)
    borrow = first["variableBorrowIndex"] * np.exp(first["currentVariableBorrowRate"] * share)
    np.testing.assert_allclose(panel.liquidity_index["weETH"][:24], supply, rtol=1e-15)
    np.testing.assert_allclose(panel.borrow_index["weETH"][:24], borrow, rtol=1e-12)
    growth = (second["liquidityIndex"] / first["liquidityIndex"]) ** (12 / 24)
    assert panel.liquidity_index["weETH"][36] == pytest.approx(second["liquidityIndex"] * growth, rel=1e-15)


def test_the_oracle_rate_holds_each_midnight_of_the_file(market: Market) -> None:
    panel = build_panel(Run(market.modes["eth_leveraged"]), market.source).panel
    path = next(market.folder.glob("protocol_data/aave/oracle/weETH_ETH_oracle_*.csv"))
    raw = pd.read_csv(path, comment="#")
    raw.index = pd.to_datetime(raw["timestamp"], utc=True)
    midnights = HOURS[HOURS.hour == 0][1:]
    expected = raw["oracle_price_eth"].reindex(midnights).to_numpy()
    assert np.array_equal(panel.oracle_rate["weETH"][24:], np.repeat(expected, 24))
    assert len(set(panel.oracle_rate["weETH"][:24])) == 1


def test_gas_of_even_hours_is_its_labels_row_and_flagged(market: Market) -> None:
    rows = market.source.tables["gas_prices"].to_pandas().set_index("ts").reindex(HOURS)
    raw = _raw(market, "blockchain_data/gas_prices/*.csv").reindex(HOURS)
    assert np.array_equal(rows["gas_price_gwei"].to_numpy(), raw["gas_price_gwei"].to_numpy())
    age = (raw["block_timestamp"] - HOURS.as_unit("s").asi8).abs()
    assert np.array_equal(rows["is_projected"].to_numpy(dtype=bool), (age > 900).to_numpy())
    assert rows["is_projected"][HOURS.hour % 2 == 0].all()
    assert not rows["is_projected"][HOURS.hour % 2 == 1].any()


def test_the_only_hour_of_two_exchanges_apart_is_named(market: Market) -> None:
    checks = [
        check
        for table in ("spot_prices", "perp_prices")
        for check in cross_venue_checks(table, market.source.tables[table], "build")
        if not check.check_name.endswith("summary")
    ]
    assert [(check.check_name, check.passed, check.ts) for check in checks] == [
        ("venue_divergence", False, datetime(2024, 10, 28, 21, tzinfo=UTC)),
        ("crash_seen_by_all_venues", True, datetime(2025, 2, 3, 1, tzinfo=UTC)),
    ]


@pytest.mark.parametrize("declared", [True, False], ids=["declared but not allowed", "not declared"])
def test_without_proxies_the_basis_trade_refuses_and_names_all_of_them(market: Market, declared: bool) -> None:
    source = market.source if declared else _undeclared(market)
    with pytest.raises(BasisError) as refusal:
        build_panel(Run(market.modes["btc_basis"], allow_proxies=not declared), source)
    problems = refusal.value.problems
    keys = [problem.key for problem in problems]
    for series in ("spot:binance:BTCUSDT", "perp:binance:BTCUSDT"):
        assert [key for key in keys if key.startswith(series)] == [f"{series} {hole} (23 h)" for hole in HOLES]
    absent = [problem for problem in problems if problem.code == "DATA-001"]
    assert {problem.key for problem in absent} == {
        "perp:okx:BTCUSDT, the whole series", "spot:binance:ETHUSDT, the whole series",
    }  # fmt: skip
    assert any("okx_BTCUSDT_perp_1h_" in problem.where for problem in absent)
    okx = [problem for problem in problems if problem.key.startswith("funding:okx:BTCUSDT")]
    conflicts = [problem for problem in okx if problem.code == "DATA-004"]
    assert sum(int(problem.key.rpartition("(")[2].split()[0]) for problem in conflicts) == 210
    assert sum(problem.value == "no row in the file" for problem in okx) == 14
    assert [problem.key for problem in okx if problem.value == "the file ends at 2025-09-07T16:00Z"] == [
        "funding:okx:BTCUSDT 2025-09-08T00:00Z..2025-09-18T16:00Z (33 settlements)"
    ]
    blocking = [problem for problem in problems if "duplicate" in problem.expected]
    assert bool(blocking) is not declared, "a contradiction no dataset file explains blocks the dataset"
    period = [problem for problem in okx if problem.code == "DATA-009"]
    assert bool(period) is declared, "the predicted rates are set aside where a dataset file says so"
    text = str(refusal.value)
    assert "no day is covered by" in text
    assert all(problem.line() in text for problem in problems)


def _undeclared(market: Market) -> MarketSource:
    """The same files under declarations that allow nothing."""
    plain = {
        "proxies": [],
        "invalid_periods": [],
        "pair_proxies": [],
        "gap_policy": {"action": "error", "absent_file": "error"},
    }
    configs = {
        name: DatasetConfig.model_validate(config.model_dump(mode="json", by_alias=True) | plain)
        if config.proxies or config.pair_proxies
        else config
        for name, config in market.configs.items()
    }
    root = DataRoot.open(market.folder)
    changed = {name for name in configs if configs[name] is not market.configs[name]}
    loads = dict(market.loads) | {name: validate_dataset(configs[name], root) for name in changed}
    return MarketSource.of([build_market_table(table, loads, configs) for table in MARKET_SCHEMAS], loads, configs)


@pytest.mark.parametrize("mode", ["pure_lending", "btc_basis", "eth_basis", "eth_leveraged", "usdt_market_neutral"])
def test_every_mode_has_its_panel_over_the_canonical_window(market: Market, mode: str) -> None:
    build = build_panel(Run(market.modes[mode]), market.source)
    assert len(build.panel) == 11_880
    assert build.panel.gas_price_gwei is not None
    assert np.isfinite(build.panel.gas_price_gwei).all()


def test_every_table_fits_the_declared_schema_of_the_warehouse(market: Market) -> None:
    declared = load_schema()
    for table, rows in market.source.tables.items():
        fitted = conform(declared[f"market.{table}"], rows, {"data_root_id": "csv-00000000"}, table)
        assert len(fitted) == len(rows) > 0
