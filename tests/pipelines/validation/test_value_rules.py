"""Impossible and implausible values, each named by file, hour and rule."""

from __future__ import annotations

import numpy as np
import pytest

PERP = "binance_btc_perp"


def spoiled(folder, hour: int, **cells: object) -> str:
    lines = folder.bars()
    names = ["timestamp", "open", "high", "low", "close", "volume", "quote_volume"]
    row = lines[hour].split(",")
    for name, value in cells.items():
        row[names.index(name)] = str(value)
    lines[hour] = ",".join(row)
    return folder.perp_file(lines)


@pytest.mark.parametrize(
    ("cells", "rule", "code"),
    [
        ({"low": -3.0}, "positive", "DATA-009"),
        ({"open": 0}, "positive", "DATA-009"),
        ({"close": ""}, "value_present", "DATA-009"),
        ({"close": "inf"}, "value_present", "DATA-009"),
        ({"close": "12,5".replace(",", ";")}, "value_readable", "DATA-008"),
        ({"high": 1.0}, "ohlc_order", "DATA-009"),
        ({"volume": -1.0}, "bounds", "DATA-009"),
    ],
)
def test_impossible_value_names_file_hour_and_rule(folder, cells: dict[str, object], rule: str, code: str) -> None:
    load = folder.load(PERP, spoiled(folder, 30, **cells))
    (problem,) = load.problems
    assert problem.code == code
    assert problem.where.endswith("binance_BTCUSDT_perp_1h_made_up.csv")
    assert problem.key == "2024-06-02T06:00Z"
    assert problem.expected.startswith(f"{rule}:")
    assert "line 32" in problem.value
    assert next(iter(cells)) in problem.value
    assert load.rows.num_rows == 71
    assert load.quarantine[0].row_key.endswith(":32")


def test_all_bad_values_are_named_at_once(folder) -> None:
    lines = folder.bars()
    for hour in (10, 11, 12, 40):
        lines[hour] = folder.bar(hour, -5.0)
    lines[50] = folder.bar(50, when="never")
    load = folder.load(PERP, folder.perp_file(lines))
    assert {problem.key for problem in load.problems} == {
        "line 52",
        "2024-06-01T10:00Z..12:00Z (3)",
        "2024-06-02T16:00Z",
    }


def test_volume_in_other_units_is_a_warning(folder) -> None:
    load = folder.load(PERP, spoiled(folder, 30, quote_volume=1.0))
    assert load.problems == []
    assert folder.failed(load)["vwap_inside_range"] == "1 rows 2024-06-02T06:00Z"


def test_crash_is_reported_and_kept(folder) -> None:
    lines = crash_at(folder, 60)
    load = folder.load(PERP, folder.perp_file(lines))
    assert load.problems == []
    assert "2024-06-03T12:00Z" in folder.failed(load)["suspicious_return"]
    assert load.rows.num_rows == 72


def crash_at(folder, hour: int) -> list[str]:
    """A fall by a fifth inside one bar; the market goes on from there."""
    lines = folder.bars()
    lines[hour:] = [folder.bar(later, 800.0 + later * 7 % 5) for later in range(hour, 72)]
    cells = lines[hour].split(",")
    cells[1] = lines[hour - 1].split(",")[4]
    cells[2] = str(float(cells[1]) + 1.0)
    lines[hour] = ",".join(cells)
    return lines


@pytest.mark.parametrize("factor", [1.2, 0.9, 10.0])
def test_a_tick_that_no_bar_leads_to_blocks(folder, factor: float) -> None:
    lines = folder.bars()
    lines[30] = folder.bar(30, 1010.0 * factor)
    (problem,) = folder.load(PERP, folder.perp_file(lines)).problems
    assert (problem.code, problem.key) == ("DATA-009", "2024-06-02T06:00Z..07:00Z (2)")
    assert problem.expected == "bar_continuity: open within 3% of the close before"


def test_behind_a_hole_the_price_may_be_another(folder) -> None:
    lines = crash_at(folder, 60)
    del lines[58:62]
    assert folder.load(PERP, folder.perp_file(lines)).problems == []


GROWING = [
    (1.03 + 0.0001 * day + 1e-6 * (day * day % 7), 1.05 + 0.0002 * day + 1e-6 * (day * day % 5)) for day in range(12)
]


def test_index_that_is_flat_for_a_day_passes(folder) -> None:
    indices = list(GROWING)
    indices[6] = indices[5]
    load = folder.load("aave_usdt_reserve", folder.aave_file(indices))
    assert load.problems == []
    assert load.rows.num_rows == 12


def test_index_that_falls_blocks(folder) -> None:
    indices = list(GROWING)
    indices[6] = (1.0299, indices[6][1])
    (problem,) = folder.load("aave_usdt_reserve", folder.aave_file(indices)).problems
    assert (problem.code, problem.key) == ("DATA-006", "2024-06-07T00:00Z")
    assert problem.expected.startswith("monotone: liquidity_index")
    assert "1.0299" in problem.value


def test_index_that_changes_scale_blocks(folder) -> None:
    indices = [*GROWING[:6], *((supply * 5, borrow) for supply, borrow in GROWING[6:])]
    (problem,) = folder.load("aave_usdt_reserve", folder.aave_file(indices)).problems
    assert (problem.code, problem.key) == ("DATA-009", "2024-06-07T00:00Z")
    assert problem.expected.startswith("index_scale")


def test_swapped_index_columns_block(folder) -> None:
    swapped = [(borrow, supply) for supply, borrow in GROWING]
    load = folder.load("aave_usdt_reserve", folder.aave_file(swapped))
    (problem,) = load.problems
    assert (problem.code, problem.key) == ("DATA-009", "2024-06-01T00:00Z..2024-06-12T00:00Z")
    assert problem.expected == "index_order: liquidity_index grows no faster than variable_borrow_index"
    assert "index_order" in folder.failed(load)


def test_index_in_ray_is_out_of_bounds(folder) -> None:
    load = folder.load("aave_usdt_reserve", folder.aave_file([(supply * 1e27, borrow) for supply, borrow in GROWING]))
    assert load.problems[0].code == "DATA-009"
    assert load.problems[0].key == "2024-06-01T00:00Z..2024-06-12T00:00Z (12)"
    assert load.problems[0].expected.startswith("bounds: liquidity_index in [1, 10]")


def test_rate_in_percent_is_out_of_bounds(folder) -> None:
    load = folder.load("aave_usdt_reserve", folder.aave_file(GROWING).replace(",0.07,", ",7.0,"))
    assert load.problems[0].expected.startswith("bounds: variable_borrow_rate")


def gas_file(gwei: list[float], block_offset: int = 20) -> str:
    rows = []
    for hour, price in enumerate(gwei):
        label = f"2024-06-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z"
        rows.append(f"{label},{1717200000 + hour * 3600 + block_offset},{price},{price - 0.001}")
    return "\r\n".join(["timestamp,block_timestamp,gas_price_gwei,base_fee_gwei", *rows]) + "\r\n"


GAS = np.random.default_rng(7).uniform(5.0, 25.0, 72).round(4).tolist()


def test_gas_of_zero_is_refused(folder) -> None:
    load = folder.load("eth_gas_price", gas_file([*GAS[:20], 0.0, *GAS[21:]]))
    assert {problem.key for problem in load.problems} == {"2024-06-01T20:00Z"}
    assert load.problems[0].expected == "positive: gas_price_gwei above zero"


def test_old_gas_samples_are_counted_and_keep_their_block_time(folder) -> None:
    load = folder.load("eth_gas_price", gas_file(GAS, block_offset=-3553))
    assert load.problems == []
    assert folder.failed(load)["sample_age"].startswith("72 rows")
    ages = {(row["ts"] - row["block_ts"]).total_seconds() for row in load.rows.to_pylist()}
    assert ages == {3553.0}


def test_funding_in_percent_is_out_of_bounds(folder) -> None:
    rows = [
        f"2024-06-{day:02d}T{hour:02d}:00:00Z,{0.01 + day * hour * 1e-5}" for day in range(1, 9) for hour in (0, 8, 16)
    ]
    rows[4] = "2024-06-02T08:00:00Z,1.7"
    text = "\n".join(["funding_timestamp,funding_rate", *rows]) + "\n"
    (problem,) = folder.load("bybit_eth_funding", text).problems
    assert problem.key == "2024-06-02T08:00Z"
    assert problem.expected == "bounds: rate in [-0.03, 0.03]"


def test_yield_of_nineteen_thousand_is_refused(folder) -> None:
    rows = [f"{1717200000 + day * 86400},2024-06-{day + 1:02d},{3 + day * day % 7}" for day in range(9)]
    rows[3] = "1717459200,2024-06-04,1900000"
    (problem,) = folder.load("eeth_apy_benchmark", "\n".join(["Timestamp,Date,Base", *rows])).problems
    assert problem.key == "2024-06-04T00:00Z"
    assert "Base = '1900000'" in problem.value
