from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import load_configuration
from engine.errors import Problem
from pipelines.market import MARKET_SCHEMAS, RISK_PARAMETERS_SCHEMA, build_market_table, build_risk_parameters
from pipelines.market.schema import epoch_seconds
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.records import DatasetLoad

Maker = Callable[..., Any]
HOUR, DAY = 3600, 86400
START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
BINANCE = {"venue": "binance", "symbol": "BTCUSDT"}
BYBIT = {"venue": "bybit", "symbol": "BTCUSDT"}
OKX = {"venue": "okx", "symbol": "BTCUSDT"}


def _hours(*numbers: int) -> np.ndarray:
    return START + np.array(numbers, dtype=np.int64) * HOUR


def _named(items: list[Any]) -> dict[str, Any]:
    return {item.dataset: item for item in items}


@pytest.fixture
def perps(make_config: Maker, make_load: Maker) -> tuple[dict[str, DatasetConfig], dict[str, DatasetLoad]]:
    """Binance lacks hours 2 and 3, OKX has no file; Bybit lacks hour 4."""
    configs = [
        make_config("binance_btc_perp", "perp_prices", BINANCE, proxies=["bybit_btc_perp"]),
        make_config("bybit_btc_perp", "perp_prices", BYBIT),
        make_config("okx_btc_perp", "perp_prices", OKX, proxies=["binance_btc_perp", "bybit_btc_perp"]),
    ]
    loads = [
        make_load(configs[0], _hours(0, 1, 4, 5), open=[100.0, 101.0, 104.0, 105.0]),
        make_load(configs[1], _hours(0, 1, 2, 3, 5), open=[200.0, 201.0, 202.0, 203.0, 205.0]),
        make_load(configs[2], absent=True),
    ]
    return _named(configs), _named(loads)


def _of_venue(rows: pa.Table, venue: str) -> list[dict[str, Any]]:
    return [row for row in rows.to_pylist() if row["venue"] == venue]


def test_proxied_rows_say_whose_they_are(perps: Any) -> None:
    configs, loads = perps
    built = build_market_table("perp_prices", loads, configs)
    assert built.rows.schema == MARKET_SCHEMAS["perp_prices"]
    binance = _of_venue(built.rows, "binance")
    assert [row["open"] for row in binance] == [100, 101, 202, 203, 104, 105]
    assert [row["is_proxied"] for row in binance] == [False, False, True, True, False, False]
    assert [row["proxy_of"] for row in binance] == [None, None, "bybit", "bybit", None, None]
    assert binance[2]["load_id"] == "load-bybit_btc_perp"
    assert binance[2]["source"] == "csv/bybit_btc_perp.csv"
    assert not any(row["is_projected"] for row in binance)


def test_a_proxy_never_passes_on_a_proxied_row(perps: Any) -> None:
    configs, loads = perps
    okx = _of_venue(build_market_table("perp_prices", loads, configs).rows, "okx")
    # hours 2 and 3 are not Binance's own, so Bybit answers itself
    assert [row["open"] for row in okx] == [100, 101, 202, 203, 104, 105]
    assert [row["proxy_of"] for row in okx] == ["binance", "binance", "bybit", "bybit", "binance", "binance"]
    assert all(row["is_proxied"] for row in okx)


def test_every_hole_is_a_gap_with_its_resolution(perps: Any) -> None:
    configs, loads = perps
    gaps = build_market_table("perp_prices", loads, configs).gaps
    assert [(gap.dataset, gap.missing, gap.resolution) for gap in gaps] == [
        ("binance_btc_perp", 2, "proxied:bybit_btc_perp"),
        ("bybit_btc_perp", 1, "unresolved"),
        ("okx_btc_perp", 2, "proxied:binance_btc_perp"),
        ("okx_btc_perp", 2, "proxied:bybit_btc_perp"),
        ("okx_btc_perp", 2, "proxied:binance_btc_perp"),
    ]
    assert gaps[0].gap_start == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert gaps[0].gap_end == datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert (gaps[0].venue, gaps[0].symbol, gaps[0].load_id) == ("binance", "BTCUSDT", "load-binance_btc_perp")


def test_without_proxies_holes_stay_holes(perps: Any) -> None:
    configs, loads = perps
    built = build_market_table("perp_prices", loads, configs, allow_proxies=False)
    assert not any(built.rows["is_proxied"].to_pylist())
    assert len(_of_venue(built.rows, "okx")) == 0
    assert {gap.resolution for gap in built.gaps} == {"unresolved"}


def test_a_blocked_dataset_delivers_nothing_not_even_as_a_proxy(perps: Any, make_load: Maker) -> None:
    configs, loads = perps
    problem = Problem("DATA-004", "bybit.csv", "2026-01-01T02:00Z", "202.0 and 9.0", "one row per hour")
    blocked = make_load(configs["bybit_btc_perp"], _hours(0, 1, 2), open=[1.0, 2.0, 3.0], problems=[problem])
    built = build_market_table("perp_prices", loads | {"bybit_btc_perp": blocked}, configs)
    assert built.problems == [problem]
    assert _of_venue(built.rows, "bybit") == []
    assert [row["open"] for row in _of_venue(built.rows, "binance")] == [100, 101, 104, 105]
    assert [gap.resolution for gap in built.gaps if gap.dataset == "binance_btc_perp"] == ["unresolved"]


def test_funding_holes_follow_the_cadence_and_intervals_the_stamps(make_config: Maker, make_load: Maker) -> None:
    configs = [
        make_config("okx_btc_funding", "funding_rates", OKX, cadence="8h", proxies=["binance_btc_funding"]),
        make_config("binance_btc_funding", "funding_rates", BINANCE, cadence="8h"),
    ]
    loads = [
        make_load(configs[0], _hours(0, 16, 20, 24), rate=[1e-4, 2e-4, 3e-4, 4e-4]),
        make_load(configs[1], _hours(0, 8, 16, 24), rate=[5e-4, 6e-4, 7e-4, 8e-4]),
    ]
    okx = _of_venue(build_market_table("funding_rates", _named(loads), _named(configs)).rows, "okx")
    assert [row["rate"] for row in okx] == [1e-4, 6e-4, 2e-4, 3e-4, 4e-4]
    assert [row["interval_hours"] for row in okx] == [8, 8, 8, 4, 4]
    alone = build_market_table("funding_rates", _named(loads), _named(configs), allow_proxies=False)
    assert [row["interval_hours"] for row in _of_venue(alone.rows, "okx")] == [8, 8, 4, 4]
    assert [(gap.dataset, gap.missing) for gap in alone.gaps] == [("okx_btc_funding", 1)]


def test_aave_indices_are_hourly_and_exact_at_each_observation(make_config: Maker, make_load: Maker) -> None:
    config = make_config("aave_usdt_reserve", "aave_reserves", {"asset": "USDT"}, cadence="1d")
    days = START + np.arange(3) * DAY
    load = make_load(
        config, days, liquidity_index=[1.0, 1.0003, 1.0005], variable_borrow_index=[1.1, 1.1004, 1.1009],
        supply_rate=[0.10, 0.11, 0.12], variable_borrow_rate=[0.2, 0.21, 0.22],
    )  # fmt: skip
    rows = build_market_table("aave_reserves", {config.dataset: load}, {config.dataset: config}).rows
    assert len(rows) == 3 * 24
    table = rows.to_pydict()
    assert [table["liquidity_index"][hour] for hour in (0, 24, 48)] == [1.0, 1.0003, 1.0005]
    assert table["is_projected"].count(False) == 3
    # first day: supply linear at the observed rate, borrow by Aave's expansion
    assert table["liquidity_index"][12] == pytest.approx(1.0 + 0.10 * 0.5 / 365, abs=1e-15)
    assert table["variable_borrow_index"][12] == pytest.approx(1.1 * np.exp(0.2 * 0.5 / 365), rel=1e-10)
    # afterwards: the rate of the last full day
    assert table["liquidity_index"][36] == pytest.approx(1.0003 * 1.0003**0.5, rel=1e-15)
    assert table["liquidity_index"][60] == pytest.approx(1.0005 * (1.0005 / 1.0003) ** 0.5, rel=1e-15)
    assert table["supply_rate"][35] == 0.11
    assert not any(table["is_proxied"])


def test_a_missing_midnight_leaves_its_day_open(make_config: Maker, make_load: Maker) -> None:
    config = make_config("aave_usdt_reserve", "aave_reserves", {"asset": "USDT"}, cadence="1d")
    load = make_load(config, [START, START + 2 * DAY], liquidity_index=[1.0, 1.0004])
    built = build_market_table("aave_reserves", {config.dataset: load}, {config.dataset: config})
    assert len(built.rows) == 48
    assert [(gap.missing, gap.resolution) for gap in built.gaps] == [(24, "unresolved")]


def test_a_declared_fill_goes_on_growing_and_is_flagged(make_config: Maker, make_load: Maker) -> None:
    gap = {"action": "forward_fill", "max_gap_hours": 6}
    config = make_config(
        "aave_usdt_reserve", "aave_reserves", {"asset": "USDT"}, cadence="1d", gap=gap | {"absent_file": "error"}
    )
    load = make_load(config, [START, START + DAY, START + 3 * DAY], liquidity_index=[1.0, 1.0024, 1.003])
    built = build_market_table("aave_reserves", {config.dataset: load}, {config.dataset: config})
    filled = [row for row in built.rows.to_pylist() if row["is_proxied"]]
    assert [row["ts"].hour for row in filled] == [0, 1, 2, 3, 4, 5] * 2
    assert all(row["is_projected"] and row["proxy_of"] == "aave_usdt_reserve" for row in filled)
    assert filled[0]["liquidity_index"] == pytest.approx(1.0024**2, rel=1e-14)
    assert [gap.resolution for gap in built.gaps] == ["forward_filled", "unresolved", "forward_filled"]


def test_an_lst_row_joins_the_oracle_and_the_market(make_config: Maker, make_load: Maker) -> None:
    identity = {"lst": "weETH"}
    oracle = make_config("weeth_oracle_rate", "lst_rates", identity, cadence="1d", columns=["oracle_rate"])
    market = make_config("weeth_market_rate", "lst_rates", identity, columns=["market_rate"])
    loads = [
        make_load(oracle, [START, START + DAY], oracle_rate=[1.05, 1.06]),
        make_load(market, _hours(*range(4, 30)), market_rate=np.linspace(1.04, 1.05, 26)),
    ]
    configs = _named([oracle, market])
    rows = build_market_table("lst_rates", _named(loads), configs).rows.to_pydict()
    assert len(rows["ts"]) == 48
    assert rows["oracle_rate"] == [1.05] * 24 + [1.06] * 24
    assert rows["market_rate"][:5] == [None] * 4 + [1.04]
    assert rows["is_projected"].count(False) == 2
    assert rows["source"][0] == "csv/weeth_oracle_rate.csv"
    assert rows["source"][4] == "csv/weeth_oracle_rate.csv + csv/weeth_market_rate.csv"
    assert set(rows["load_id"]) == {"load-weeth_oracle_rate"}


def test_gas_of_an_even_hour_is_an_hour_old_and_says_so(make_config: Maker, make_load: Maker) -> None:
    config = make_config("eth_gas_price", "gas_prices", {})
    blocks = _hours(0, 1, 2, 3) + np.array([-61, 35, -3553, 16 * 60])
    load = make_load(config, _hours(0, 1, 2, 3), gas_price_gwei=[10.0, 11.0, 12.0, 99.0], block_ts=blocks)
    rows = build_market_table("gas_prices", {config.dataset: load}, {config.dataset: config}).rows.to_pydict()
    # hour 3: its block is 16 minutes in the future there, so the sample before it holds
    assert rows["gas_price_gwei"] == [10.0, 11.0, 12.0, 12.0]
    assert rows["is_projected"] == [False, False, True, True]


def test_a_pair_without_costs_takes_those_of_its_declared_proxy(make_config: Maker, make_load: Maker) -> None:
    borrowed = [{"pair": "BTC_USDT", "proxy": "ETH_USDT", "reason": "made up"}]
    config = make_config("execution_costs", "execution_costs", {}, cadence="1d", pair_proxies=borrowed)
    load = make_load(config, [START, START], pair=["ETH_USDT"] * 2, size_usd=[1e4, 1e5], cost_bps=[5.0, 7.0])
    rows = build_market_table("execution_costs", {config.dataset: load}, {config.dataset: config}).rows.to_pylist()
    assert [(row["pair"], row["cost_bps"], row["is_proxied"], row["proxy_of"]) for row in rows] == [
        ("ETH_USDT", 5.0, False, None),
        ("ETH_USDT", 7.0, False, None),
        ("BTC_USDT", 5.0, True, "ETH_USDT"),
        ("BTC_USDT", 7.0, True, "ETH_USDT"),
    ]
    alone = build_market_table("execution_costs", {config.dataset: load}, {config.dataset: config}, allow_proxies=False)
    assert set(alone.rows["pair"].to_pylist()) == {"ETH_USDT"}


def test_rewards_come_as_they_were_paid(make_config: Maker, make_load: Maker) -> None:
    config = make_config("etherfi_eigen_rewards", "reward_distributions", {"token": "EIGEN"}, cadence="irregular")
    load = make_load(
        config, [START], period_start=[START - 7 * DAY], period_end=[START], rate_per_eeth=[0.2], data_quality=["exact"]
    )
    (row,) = build_market_table(
        "reward_distributions", {config.dataset: load}, {config.dataset: config}
    ).rows.to_pylist()
    assert (row["token"], row["rate_per_eeth"], row["data_quality"]) == ("EIGEN", 0.2, "exact")
    assert row["period_start"] == datetime(2025, 12, 25, tzinfo=UTC)


def test_benchmarks_are_daily_rows_with_their_holes_named(make_config: Maker, make_load: Maker) -> None:
    config = make_config("ethena", "benchmark_rates", {"name": "susde"}, cadence="1d")
    load = make_load(config, [START, START + 2 * DAY], apy=[0.1, 0.2])
    built = build_market_table("benchmark_rates", {config.dataset: load}, {config.dataset: config})
    assert built.rows["apy"].to_pylist() == [0.1, 0.2]
    assert [gap.missing for gap in built.gaps] == [1]


def test_a_table_nothing_feeds_has_its_schema() -> None:
    for table, schema in MARKET_SCHEMAS.items():
        assert build_market_table(table, {}, {}).rows.schema == schema


def test_risk_parameters_are_the_dated_rows_of_the_venue_files(project_root: Path) -> None:
    venues = load_configuration(project_root / "configs", {}).venues
    table = build_risk_parameters(venues.values())
    assert table.schema == RISK_PARAMETERS_SCHEMA
    assert len(table) == sum(len(venue.parameter_rows()) for venue in venues.values())
    assert min(table["effective_from"].to_pylist()) >= date(2015, 1, 1)


def _everything(make_config: Maker, make_load: Maker, scale: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
    """Four days of a proxied, a filled, an accruing, a held and a gas series; ``scale`` (96,) moves raw values."""
    hours = START + np.arange(96) * HOUR
    some = np.delete(np.arange(96), [3, 4, 50, 51, 52])
    days = hours[::24]
    fill = {"action": "forward_fill", "absent_file": "error", "max_gap_hours": 1}
    configs = [
        make_config("binance_btc_spot", "spot_prices", BINANCE, proxies=["bybit_btc_spot"]),
        make_config("bybit_btc_spot", "spot_prices", BYBIT, gap=fill),
        make_config("aave_usdt_reserve", "aave_reserves", {"asset": "USDT"}, cadence="1d"),
        make_config("weeth_oracle_rate", "lst_rates", {"lst": "weETH"}, cadence="1d", columns=["oracle_rate"]),
        make_config("eth_gas_price", "gas_prices", {}),
        make_config("okx_btc_funding", "funding_rates", OKX, cadence="8h", proxies=["binance_btc_funding"]),
        make_config("binance_btc_funding", "funding_rates", BINANCE, cadence="8h"),
    ]
    blocks = hours + np.where(np.arange(96) % 5 == 0, 1000, -3500)
    settled = hours[::8]
    loads = [
        make_load(configs[0], hours[some], open=100.0 * scale[some]),
        make_load(configs[1], np.delete(hours, [51]), open=200.0 * np.delete(scale, 51)),
        make_load(configs[2], days, liquidity_index=1.0 + 0.01 * np.arange(4) * scale[::24]),
        make_load(configs[3], days, oracle_rate=1.0 + 0.01 * scale[::24]),
        make_load(configs[4], hours, gas_price_gwei=10.0 * scale, block_ts=blocks),
        make_load(configs[5], np.delete(settled, [4, 5]), rate=1e-4 * np.delete(scale[::8], [4, 5])),
        make_load(configs[6], settled, rate=2e-4 * scale[::8]),
    ]
    return _named(configs), _named(loads)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 95), factor=st.floats(0.5, 2.0))
def test_changing_the_future_leaves_every_row_of_the_past(
    make_config: Maker, make_load: Maker, cut: int, factor: float
) -> None:
    calm = np.ones(96)
    shocked = np.where(np.arange(96) > cut, factor, 1.0)
    before = _everything(make_config, make_load, calm)
    after = _everything(make_config, make_load, shocked)
    for table in ("spot_prices", "aave_reserves", "lst_rates", "gas_prices", "funding_rates"):
        first, second = (build_market_table(table, loads, configs).rows for configs, loads in (before, after))
        assert len(first) > 0
        past = pa.array(epoch_seconds(first["ts"]) <= START + cut * HOUR)
        assert first.filter(past).equals(second.filter(past)), table


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 94))
def test_a_future_that_has_not_come_yet_changes_no_row_either(make_config: Maker, make_load: Maker, cut: int) -> None:
    configs, whole = _everything(make_config, make_load, np.ones(96))
    until = START + cut * HOUR
    known = {}
    for name, load in whole.items():
        keep = pa.array(epoch_seconds(load.rows["ts"]) <= until)
        known[name] = DatasetLoad(**{**_fields(load), "rows": load.rows.filter(keep)})
    for table in ("spot_prices", "aave_reserves", "lst_rates", "gas_prices", "funding_rates"):
        later = build_market_table(table, whole, configs).rows
        then = build_market_table(table, known, configs).rows
        later_past, then_past = (rows.filter(pa.array(epoch_seconds(rows["ts"]) <= until)) for rows in (later, then))
        assert then_past.equals(later_past), table


def _fields(load: DatasetLoad) -> dict[str, Any]:
    return {name: getattr(load, name) for name in DatasetLoad.__dataclass_fields__}
