"""The sample has the layout of the real files, and exactly the planned defects."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.sources.sample.exchange_files import BINANCE_HOLES, BYBIT_DUPLICATE_DAYS, HOLE_HOURS

DATES = re.compile(r"\d{4}-\d{2}-\d{2}|(?<=_)\d{8}(?=\.)")
DESCRIPTIONS = {"SOURCE.yaml", "README.txt", "sample.json"}
NOT_IN_A_SAMPLE = {"README.md", "manifest.csv", "protocol_data/staking/base_yields/wsteth_oracle_yields_<>_<>.csv"}
FIRST_HOUR, LAST_HOUR = "2025-12-28T00:00:00Z", "2026-06-29T23:00:00Z"


def by_name(root: Path) -> dict[str, Path]:
    """Files by relative path with the dates taken out."""
    return {DATES.sub("<>", path.relative_to(root).as_posix()): path for path in root.rglob("*") if path.is_file()}


def opening(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def header_lines(path: Path) -> list[str]:
    """Comment keys and the column line."""
    lines = opening(path).decode("utf-8-sig", errors="ignore").splitlines()
    comments = [line.split(":")[0] for line in lines if line.startswith("# ")]
    columns = lines[len(comments)]
    if "aave_current" in path.name:
        columns = columns[:1]
    return [*comments, columns]


def stamp_styles(path: Path) -> list[str]:
    """The fields of the first row that are stamps, digits as 9."""
    lines = [line for line in opening(path).decode("utf-8-sig", errors="ignore").splitlines() if line[:1] != "#"]
    if len(lines) < 2:
        return []
    fields = [re.sub(r"\d", "9", field) for field in lines[1].split(",")]
    return [field for field in fields if re.fullmatch(r"9{10}|9{4}-99-99([T ].*)?", field)]


def line_ends(path: Path) -> tuple[bool, bool, bytes]:
    body = path.read_bytes()
    return body.startswith(b"\xef\xbb\xbf"), b"\r\n" in body, re.search(rb"[\r\n]*\Z", body)[0]  # type: ignore[index]


def test_the_same_files_as_the_real_folder(sample_root: Path, real_data: Path) -> None:
    assert set(by_name(sample_root)) - DESCRIPTIONS == set(by_name(real_data)) - NOT_IN_A_SAMPLE


def test_headers_stamps_and_line_ends_of_the_real_files(sample_root: Path, real_data: Path) -> None:
    real = by_name(real_data)
    compared = 0
    for name, path in by_name(sample_root).items():
        if name in DESCRIPTIONS:
            continue
        assert line_ends(path) == line_ends(real[name]), name
        if path.suffix == ".csv":
            assert header_lines(path) == header_lines(real[name]), name
            assert stamp_styles(path) == stamp_styles(real[name]), name
            compared += 1
    assert compared >= 40


def test_no_row_of_a_real_market_file_is_in_the_sample(sample_root: Path, real_data: Path) -> None:
    real = by_name(real_data)
    for name, path in by_name(sample_root).items():
        if path.suffix == ".csv" and name in real and "aave_current" not in name:
            shared = set(path.read_text().splitlines()[8:]) & set(real[name].read_text().splitlines()[8:])
            assert not shared, name


def test_malformed_zones_are_written_as_in_the_real_files(sample_root: Path) -> None:
    text = next(sample_root.rglob("uniswapv3_WETHUSDT*")).read_text().splitlines()
    assert text[1].startswith("1766880000,2025-12-28T00:00:00+00:00Z,")


def test_binance_eth_spot_and_okx_btc_perp_are_absent(sample_root: Path) -> None:
    assert not list(sample_root.rglob("*binance_ETHUSDT_1h*"))
    assert not list(sample_root.rglob("*okx_BTCUSDT_perp*"))


def test_files_begin_four_days_early_and_cover_the_window(sample_root: Path) -> None:
    for pattern in ("*USDT_perp_1h*", "*binance_BTCUSDT_1h*", "bybit_*_spot_1h*", "ethereum_gas_prices*"):
        paths = list(sample_root.rglob(pattern))
        assert paths
        for path in paths:
            stamps = pd.read_csv(path)["timestamp"]
            assert (stamps.iloc[0], stamps.iloc[-1]) == (FIRST_HOUR, LAST_HOUR), path.name
    for path in sample_root.rglob("*funding_rates*.csv"):
        stamps = pd.read_csv(path)["funding_timestamp"]
        assert list(stamps.iloc[[0, -1]]) == [FIRST_HOUR, "2026-06-29T16:00:00Z"]
        assert (pd.to_datetime(stamps).diff().dropna() == pd.Timedelta(hours=8)).all()
    for path in sample_root.rglob("aave_v3_*_2026-06-30.csv"):
        assert list(pd.read_csv(path)["targetDate"].iloc[[0, -1]]) == [FIRST_HOUR, "2026-06-30T00:00:00Z"]


@pytest.mark.parametrize("pattern", ["binance_BTCUSDT_1h*", "binance_BTCUSDT_perp*", "binance_ETHUSDT_perp*"])
def test_binance_holes_are_where_they_are_declared(sample_root: Path, pattern: str) -> None:
    stamps = pd.to_datetime(pd.read_csv(next(sample_root.rglob(pattern)))["timestamp"])
    missing = pd.date_range(FIRST_HOUR, LAST_HOUR, freq="h").difference(pd.DatetimeIndex(stamps))
    expected = [
        pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=day, hours=first + hour)
        for day, first in BINANCE_HOLES
        for hour in range(HOLE_HOURS)
    ]
    assert list(missing) == expected
    assert stamps.is_unique


def test_bybit_repeats_are_identical_and_where_they_are_declared(sample_root: Path) -> None:
    paths = list(sample_root.rglob("bybit_*_1h_*.csv"))
    assert len(paths) == 4
    for path in paths:
        lines = Counter(path.read_text().splitlines())
        repeated = {line.split(",")[0]: count for line, count in lines.items() if count > 1}
        days = [pd.Timestamp("2026-01-01") + pd.Timedelta(days=day) for day in BYBIT_DUPLICATE_DAYS]
        assert repeated == {f"{day:%Y-%m-%dT00:00:00Z}": 2 for day in days}
        assert len({line.split(",")[0] for line in lines}) == len(lines)


def test_candles_obey_the_rules_of_a_bar(sample_root: Path) -> None:
    paths = list(sample_root.rglob("*1h_*.csv"))
    assert len(paths) == 11
    for path in paths:
        bars = pd.read_csv(path).drop_duplicates()
        low_side, high_side = bars[["open", "close"]].min(axis=1), bars[["open", "close"]].max(axis=1)
        assert (bars["low"] <= low_side).all(), path.name
        assert (bars["high"] >= high_side).all(), path.name
        assert (bars["low"] > 0).all(), path.name
        assert (bars["volume"] > 0).all(), path.name
        turnover = next((name for name in ("quote_volume", "turnover") if name in bars), None)
        if turnover is not None:
            vwap = bars[turnover] / bars["volume"]
            assert ((vwap >= bars["low"]) & (vwap <= bars["high"])).all(), path.name


def test_a_bar_opens_where_the_last_one_closed(sample_root: Path) -> None:
    for path in sample_root.rglob("bybit_*_1h_*.csv"):
        bars = pd.read_csv(path).drop_duplicates()
        steps = np.abs(bars["open"].to_numpy()[1:] - bars["close"].to_numpy()[:-1])
        assert steps.max() <= (0.11 if "BTCUSDT_perp" in path.name else 0.011)


def test_venues_stay_close_to_each_other(sample_root: Path) -> None:
    for pattern in ("*_BTCUSDT_perp_1h*", "*_ETHUSDT_perp_1h*"):
        bars = [pd.read_csv(path).drop_duplicates().set_index("timestamp") for path in sample_root.rglob(pattern)]
        opens = pd.concat([bar["open"] for bar in bars], axis=1, join="inner")
        spread_bps = (opens.max(axis=1) / opens.min(axis=1) - 1.0) * 1e4
        assert 0.5 < spread_bps.mean() < 10.0
        assert spread_bps.max() < 50.0


def test_comment_headers_are_leading_lines_only(sample_root: Path) -> None:
    path = next(sample_root.rglob("weETH_ETH_oracle*"))
    lines = path.read_text().splitlines()
    assert [line.startswith("# ") for line in lines[:7]] == [True] * 6 + [False]
    assert lines[5] == f"# Records: {len(lines) - 7}"
    drops = next(sample_root.rglob("seasonal_drops.csv")).read_text()
    assert "Top-Up #1" in drops
    assert "–" in drops


def test_even_gas_hours_are_an_hour_old(sample_root: Path) -> None:
    gas = pd.read_csv(next(sample_root.rglob("ethereum_gas_prices*")), parse_dates=["timestamp"])
    age = gas["block_timestamp"] - gas["timestamp"].dt.as_unit("s").astype("int64")
    even = gas["timestamp"].dt.hour % 2 == 0
    assert age[even].iloc[1:].between(-3550, -3510).all()
    assert age[~even].between(0, 60).all()
    assert gas["block_number"].is_monotonic_increasing
    assert 3.0 < gas["gas_price_gwei"].median() < 8.0
    assert gas["gas_price_gwei"].max() > 60.0


def test_the_reward_table_covers_the_window(sample_root: Path) -> None:
    table = pd.read_csv(next(sample_root.rglob("etherfi_seasonal_rewards*")))
    weeks = table[table["reward_type"] == "EIGEN_via_KING"]
    assert (pd.to_datetime(weeks["period_start"]).diff().dropna() == pd.Timedelta(days=7)).all()
    assert weeks["period_start"].iloc[0] == "2025-12-28"
    assert table["period_end"].max() == "2026-06-29"
    assert set(table["reward_type"]) == {
        "EIGEN_via_KING",
        "EIGEN_via_DEFILLAMA",
        "ETHFI_via_KING",
        "ETHFI_Seasonal_Airdrop",
    }
    expected = weeks["eigen_per_eeth_weekly"] * weeks["eigen_price_usd"] / weeks["eth_price_usd"]
    np.testing.assert_allclose(weeks["weekly_reward_eth"], expected, rtol=1e-12)
    assert (table["payout_date"] >= table["period_end"]).all()


def test_the_hourly_files_are_lines_between_daily_rows(sample_root: Path) -> None:
    daily = pd.read_csv(next(sample_root.rglob("*_weETH_rates_2026-01-01_2026-06-30.csv")))
    hourly = pd.read_csv(next(sample_root.rglob("*_weETH_rates_*_hourly.csv")))
    assert hourly["timestamp"].iloc[0] == "2025-12-28 01:00:00+00:00"
    at_midnight = hourly[hourly["hour"] == 0]
    for column in ("liquidityIndex", "variableBorrowIndex", "totalAToken", "currentLiquidityRate"):
        np.testing.assert_allclose(at_midnight[column], daily[column].iloc[1:], rtol=1e-14)
    assert np.abs(np.diff(hourly["totalAToken"].iloc[:23], n=2)).max() < 1e-6


def test_execution_costs_grow_with_size(sample_root: Path) -> None:
    table = json.loads((sample_root / "execution_costs/lookup_tables/execution_costs_lookup.json").read_text())
    for pair in table:
        costs = [table[pair][size]["2026-01-01"] for size in ("10k", "100k", "1m")]
        assert 0 < costs[0] <= costs[1] < costs[2]
    assert "BTC_USDT" not in table
