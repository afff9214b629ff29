from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import load_configuration
from engine.config.mode import ModeConfig
from engine.errors import BasisError, Problem
from pipelines.market import MARKET_SCHEMAS, MarketSource, PanelBuild, build_market_table, build_panel
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.records import DatasetLoad

Maker = Callable[..., Any]
HOUR, DAY = 3600, 86400
START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
HOURS = START + np.arange(-24, 72) * HOUR


@dataclass(frozen=True)
class Run:
    mode: ModeConfig
    start: date = date(2026, 1, 1)
    end: date = date(2026, 1, 2)
    allow_proxies: bool = True


@pytest.fixture(scope="module")
def modes(project_root: Path) -> Mapping[str, ModeConfig]:
    return load_configuration(project_root / "configs", {}).modes


@pytest.fixture
def mode(modes: Mapping[str, ModeConfig]) -> ModeConfig:
    """The basis trade on two venues: Binance spot and perp, OKX perp and funding by proxy."""
    needs = modes["btc_basis"].data_requirements.model_copy(
        update={
            "spot_prices": ("binance:BTCUSDT",),
            "perp_prices": ("binance:BTCUSDT", "okx:BTCUSDT"),
            "funding_rates": ("binance:BTCUSDT", "okx:BTCUSDT"),
            "aave_reserves": ("USDT",),
            "lst_rates": ("weETH",),
            "execution_costs": ("BTCUSDT-PERP", "BTC_USDT"),
            "reward_distributions": ("EIGEN",),
        }
    )
    return modes["btc_basis"].model_copy(update={"data_requirements": needs})


World = tuple[dict[str, DatasetConfig], dict[str, DatasetLoad]]


@pytest.fixture
def world(make_config: Maker, make_load: Maker) -> World:
    """Four days from 2025-12-31.  Binance spot lacks 05:00 and 06:00 of the first day; OKX has no perp file and no
    funding on the second day."""
    binance, bybit, okx = ({"venue": venue, "symbol": "BTCUSDT"} for venue in ("binance", "bybit", "okx"))
    borrowed = [{"pair": "BTC_USDT", "proxy": "ETH_USDT", "reason": "made up"}]
    configs = [
        make_config("binance_btc_spot", "spot_prices", binance, proxies=["bybit_btc_spot"]),
        make_config("bybit_btc_spot", "spot_prices", bybit),
        make_config("binance_btc_perp", "perp_prices", binance),
        make_config("okx_btc_perp", "perp_prices", okx, proxies=["binance_btc_perp"]),
        make_config("binance_btc_funding", "funding_rates", binance, cadence="8h"),
        make_config("okx_btc_funding", "funding_rates", okx, cadence="8h", proxies=["binance_btc_funding"]),
        make_config("aave_usdt_reserve", "aave_reserves", {"asset": "USDT"}, cadence="1d"),
        make_config("weeth_oracle_rate", "lst_rates", {"lst": "weETH"}, cadence="1d", columns=["oracle_rate"]),
        make_config("weeth_market_rate", "lst_rates", {"lst": "weETH"}, columns=["market_rate"]),
        make_config("eth_gas_price", "gas_prices", {}),
        make_config("execution_costs", "execution_costs", {}, cadence="1d", pair_proxies=borrowed),
        make_config("etherfi_eigen_rewards", "reward_distributions", {"token": "EIGEN"}, cadence="irregular"),
    ]
    prices, days, settled = 100.0 + np.arange(96), HOURS[::24], HOURS[::8]
    own = np.delete(np.arange(96), [29, 30])
    kept = settled[(settled < START + DAY) | (settled >= START + 2 * DAY)]
    pairs = np.repeat(["ETH_USDT", "BTCUSDT-PERP"], 4)
    by_name = {config.dataset: config for config in configs}
    loads = [
        make_load(by_name["binance_btc_spot"], HOURS[own], open=prices[own]),
        make_load(by_name["bybit_btc_spot"], HOURS, open=prices + 0.5),
        make_load(by_name["binance_btc_perp"], HOURS, open=prices + 1),
        make_load(by_name["okx_btc_perp"], absent=True),
        make_load(by_name["binance_btc_funding"], settled, rate=np.linspace(1e-4, 2e-4, 12)),
        make_load(
            by_name["okx_btc_funding"], kept, rate=np.full(len(kept), 3e-4),
            quarantined=[(START + DAY, "made-up rule", "1"), (START + DAY, "made-up rule", "2"),
                         (START + DAY + 8 * HOUR, "made-up rule", "3")],
        ),
        make_load(by_name["aave_usdt_reserve"], days, liquidity_index=1.0 + 0.001 * np.arange(4)),
        make_load(by_name["weeth_oracle_rate"], days, oracle_rate=1.0 + 0.001 * np.arange(4)),
        make_load(by_name["weeth_market_rate"], HOURS[30:], market_rate=np.full(66, 1.01)),
        make_load(by_name["eth_gas_price"], HOURS, gas_price_gwei=10.0 + np.arange(96), block_ts=HOURS + 30),
        make_load(
            by_name["execution_costs"], np.tile([HOURS[0], HOURS[0], HOURS[48], HOURS[48]], 2), pair=pairs,
            size_usd=np.tile([1e5, 1e4], 4), cost_bps=[7.0, 5.0, 8.0, 6.0, 4.0, 3.0, 4.0, 3.0],
        ),
        make_load(
            by_name["etherfi_eigen_rewards"], [HOURS[0], START + DAY], period_start=[HOURS[0] - DAY, START - DAY],
            period_end=[HOURS[0], START + 2 * DAY], rate_per_eeth=[0.1, 0.2], data_quality=["exact", "estimated"],
        ),
    ]  # fmt: skip
    return by_name, {load.dataset: load for load in loads}


def _source(world: World) -> MarketSource:
    configs, loads = world
    return MarketSource.of([build_market_table(table, loads, configs) for table in MARKET_SCHEMAS], loads, configs)


def _build(mode: ModeConfig, world: World) -> PanelBuild:
    return build_panel(Run(mode), _source(world))


def test_the_panel_holds_what_was_known_at_each_hour(mode: ModeConfig, world: World) -> None:
    panel = _build(mode, world).panel
    assert len(panel) == 48
    assert panel.hours[0] == START
    assert panel.hours[-1] == START + 47 * HOUR
    spot = panel.spot["binance:BTCUSDT"]
    assert spot[:8].tolist() == [124, 125, 126, 127, 128, 129.5, 130.5, 131]
    assert np.flatnonzero(panel.proxied["spot:binance:BTCUSDT"]).tolist() == [5, 6]
    assert panel.perp["okx:BTCUSDT"].tolist() == panel.perp["binance:BTCUSDT"].tolist()
    assert panel.proxied["perp:okx:BTCUSDT"].all()
    assert panel.liquidity_index["USDT"][[0, 24]].tolist() == [1.001, 1.002]
    assert panel.borrow_index["USDT"][0] == 1.001
    assert panel.oracle_rate["weETH"][[0, 23, 24]].tolist() == [1.001, 1.001, 1.002]
    assert np.isnan(panel.market_rate["weETH"][5])
    assert panel.market_rate["weETH"][6] == 1.01
    assert panel.gas_price_gwei is not None
    assert panel.gas_price_gwei[0] == 34.0


def test_funding_is_nan_where_nothing_settles(mode: ModeConfig, world: World) -> None:
    panel = _build(mode, world).panel
    okx = panel.funding["okx:BTCUSDT"]
    assert np.flatnonzero(np.isfinite(okx)).tolist() == [0, 8, 16, 24, 32, 40]
    assert okx[8] == 3e-4
    assert okx[24] == panel.funding["binance:BTCUSDT"][24]
    assert np.flatnonzero(panel.proxied["funding:okx:BTCUSDT"]).tolist() == [24, 32, 40]


def test_cost_curves_and_rewards(mode: ModeConfig, world: World) -> None:
    panel = _build(mode, world).panel
    curve = panel.execution_costs["BTC_USDT"]
    assert curve.sizes_usd.tolist() == [1e4, 1e5]
    assert curve.cost_bps(START, 5_000) == 5.0
    assert curve.cost_bps(START + DAY, 1e6) == 8.0
    assert [(reward.token, reward.payout, reward.rate_per_eeth) for reward in panel.rewards] == [
        ("EIGEN", START + DAY, 0.2)
    ]


def test_arrays_cannot_be_written(mode: ModeConfig, world: World) -> None:
    panel = _build(mode, world).panel
    curve = panel.execution_costs["BTC_USDT"]
    arrays = [
        panel.hours,
        panel.spot["binance:BTCUSDT"],
        panel.proxied["spot:binance:BTCUSDT"],
        curve.bps,
        curve.sizes_usd,
    ]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_inputs_count_proxied_and_projected_rows_by_load(mode: ModeConfig, world: World) -> None:
    build = _build(mode, world)
    rows = {(row["series"], row["dataset"]): row for row in build.inputs.to_pylist()}
    assert rows["spot:binance:BTCUSDT", "bybit_btc_spot"]["proxied_rows"] == 2
    assert rows["spot:binance:BTCUSDT", "binance_btc_spot"]["rows"] == 46
    assert rows["funding:okx:BTCUSDT", "binance_btc_funding"]["proxied_rows"] == 3
    assert rows["aave:USDT", "aave_usdt_reserve"]["projected_rows"] == 46
    assert rows["market_rate:weETH", "weeth_market_rate"]["rows"] == 42
    assert rows["market_rate:weETH", "weeth_market_rate"]["projected_rows"] == 0
    assert rows["oracle_rate:weETH", "weeth_oracle_rate"]["projected_rows"] == 46
    # 2 spot bars, 48 marks, 3 settlements, 2 sizes on 2 dates
    assert build.proxied_rows == 2 + 48 + 3 + 4
    assert build.data_source == "csv"


def test_data_version_is_that_of_the_rows_read_and_of_nothing_else(
    mode: ModeConfig, world: World, make_load: Maker
) -> None:
    configs, loads = world
    version = _build(mode, world).data_version
    assert len(version) == 64
    backwards = dict(reversed(list(configs.items()))), dict(reversed(list(loads.items())))
    assert _build(mode, backwards).data_version == version

    def with_gas(change: int, **options: Any) -> str:
        prices = 10.0 + np.arange(96)
        prices[change] += 1
        load = make_load(configs["eth_gas_price"], HOURS, gas_price_gwei=prices, block_ts=HOURS + 30, **options)
        return _build(mode, (configs, loads | {"eth_gas_price": load})).data_version

    assert with_gas(0) == version, "before the window"
    assert with_gas(95) == version, "after the window"
    assert with_gas(40) != version, "inside the window"
    assert with_gas(0, load_id="another-load") == version
    assert with_gas(0, label="synthetic") != version


def _refusal(mode: ModeConfig, world: World, **options: Any) -> BasisError:
    with pytest.raises(BasisError) as refusal:
        build_panel(Run(mode, **options), _source(world))
    return refusal.value


def test_without_proxies_one_error_names_everything(mode: ModeConfig, world: World) -> None:
    error = _refusal(mode, world, allow_proxies=False)
    assert error.code == "DATA-010"
    found = [(problem.code, problem.key, problem.value) for problem in error.problems]
    assert found == [
        ("DATA-002", "spot:binance:BTCUSDT 2026-01-01T05:00Z..06:00Z (2 h)", "no row in the file"),
        ("DATA-001", "perp:okx:BTCUSDT, the whole series", "no such file in the data folder"),
        (
            "DATA-004",
            "funding:okx:BTCUSDT 2026-01-02T00:00Z (1 settlement)",
            "quarantined, rows contradict each other: made-up rule",
        ),
        ("DATA-009", "funding:okx:BTCUSDT 2026-01-02T08:00Z (1 settlement)", "quarantined: made-up rule"),
        ("DATA-002", "funding:okx:BTCUSDT 2026-01-02T16:00Z (1 settlement)", "no row in the file"),
        ("DATA-002", "execution_costs:BTC_USDT, the whole series", "no row in force when the window begins"),
    ]
    assert error.problems[0].where == "binance_btc_spot (binance_btc_spot_*.csv)"
    assert "declared proxies: bybit_btc_spot" in error.problems[0].expected
    assert error.found == (
        "no day is covered by execution_costs:BTC_USDT, perp:okx:BTCUSDT; "
        "the other series are all whole over 2025-12-31 .. 2025-12-31 (1 day)"
    )


def test_a_table_built_with_proxies_is_still_refused_without_leave(mode: ModeConfig, world: World) -> None:
    configs, loads = world
    bare = [build_market_table(table, loads, configs, allow_proxies=False) for table in MARKET_SCHEMAS]
    with pytest.raises(BasisError) as refusal:
        build_panel(Run(mode), MarketSource.of(bare, loads, configs))
    assert refusal.value.problems == _refusal(mode, world, allow_proxies=False).problems


def test_a_window_outside_the_data_is_told_which_one_works(mode: ModeConfig, world: World) -> None:
    error = _refusal(mode, world, start=date(2025, 12, 30), end=date(2026, 1, 5))
    assert ("DATA-003", "the file begins at 2025-12-31T00:00Z") in {(p.code, p.value) for p in error.problems}
    assert ("DATA-003", "the file ends at 2026-01-03T23:00Z") in {(p.code, p.value) for p in error.problems}
    assert error.found == "the longest window that works is 2025-12-31 .. 2026-01-03 (4 days)"


def test_a_blocked_dataset_is_named_with_its_own_problems(mode: ModeConfig, world: World, make_load: Maker) -> None:
    configs, loads = world
    problem = Problem("DATA-006", "aave.csv", "2026-01-01T00:00Z", "0.9", "monotone: an index never falls")
    blocked = make_load(configs["aave_usdt_reserve"], HOURS[::24], liquidity_index=[1.0] * 4, problems=[problem])
    error = _refusal(mode, (configs, loads | {"aave_usdt_reserve": blocked}))
    assert error.problems == (problem,), "hours between its sound rows are not missing"


def test_a_blocked_dataset_blocks_even_where_all_its_rows_are_there(
    mode: ModeConfig, world: World, make_load: Maker
) -> None:
    configs, loads = world
    source = _source(world)
    problem = Problem("DATA-004", "rewards.csv", "2026-01-01T00:00Z", "0.1 and 0.2", "one row per payout")
    blocked = make_load(
        configs["etherfi_eigen_rewards"], [START], period_start=[START], period_end=[START + DAY], rate_per_eeth=[0.1],
        data_quality=["exact"], problems=[problem],
    )  # fmt: skip
    with pytest.raises(BasisError) as refusal:
        build_panel(Run(mode), MarketSource(source.tables, loads | {"etherfi_eigen_rewards": blocked}, configs))
    assert refusal.value.problems == (problem,)


def test_a_window_without_rewards_is_refused_with_the_dates(mode: ModeConfig, world: World, make_load: Maker) -> None:
    configs, loads = world
    short = make_load(
        configs["etherfi_eigen_rewards"], [START], period_start=[START - DAY], period_end=[START], rate_per_eeth=[0.1],
        data_quality=["exact"],
    )  # fmt: skip
    (problem,) = _refusal(mode, (configs, loads | {"etherfi_eigen_rewards": short})).problems
    assert problem.key == "rewards:EIGEN 2026-01-02 .. 2026-01-02 (1 days)"
    assert problem.value == "rewards are known from 2025-12-31 to 2026-01-01"


def test_series_nobody_declares_or_loads_are_named(mode: ModeConfig, world: World) -> None:
    configs, loads = world
    fewer_configs = {name: config for name, config in configs.items() if name != "eth_gas_price"}
    fewer_loads = {name: load for name, load in loads.items() if name not in ("eth_gas_price", "binance_btc_perp")}
    error = _refusal(mode, (fewer_configs, fewer_loads))
    found = {(problem.code, problem.key) for problem in error.problems}
    assert ("DATA-010", "gas, the whole series") in found
    assert ("DATA-013", "perp:binance:BTCUSDT, the whole series") in found


def test_a_mode_valued_by_the_market_needs_the_market_rate(mode: ModeConfig, world: World) -> None:
    by_market = mode.model_copy(update={"valuation": "market"})
    error = _refusal(by_market, world)
    assert [problem.key for problem in error.problems] == ["market_rate:weETH 2026-01-01T00:00Z..05:00Z (6 h)"]


def test_costs_that_lack_a_size_are_refused_with_the_rest(mode: ModeConfig, world: World, make_load: Maker) -> None:
    configs, loads = world
    costs = make_load(
        configs["execution_costs"], [*[HOURS[0]] * 3, HOURS[24]],
        pair=["ETH_USDT", "ETH_USDT", "BTCUSDT-PERP", "ETH_USDT"], size_usd=[1e4, 1e5, 1e4, 1e4],
        cost_bps=[5.0, 7.0, 3.0, 5.0],
    )  # fmt: skip
    (problem,) = _refusal(mode, (configs, loads | {"execution_costs": costs})).problems
    assert (problem.key, problem.value, problem.expected) == (
        "execution_costs:BTC_USDT 2026-01-01T00:00Z",
        "1 sizes",
        "2 sizes",
    )


def test_a_hole_the_proxy_shares_is_named_with_its_hours(mode: ModeConfig, world: World, make_load: Maker) -> None:
    configs, loads = world
    kept = np.delete(np.arange(96), [30, 40])
    bybit = make_load(configs["bybit_btc_spot"], HOURS[kept], open=100.0 + kept)
    binance = make_load(configs["binance_btc_perp"], HOURS[kept], open=101.0 + kept)
    error = _refusal(mode, (configs, loads | {"bybit_btc_spot": bybit, "binance_btc_perp": binance}))
    found = {problem.key: (problem.value, problem.expected) for problem in error.problems}
    assert found["spot:binance:BTCUSDT 2026-01-01T06:00Z (1 h)"] == (
        "no row in the file",
        "a row every 1 h; declared proxies: bybit_btc_spot, which have no valid row there either",
    )
    assert found["perp:okx:BTCUSDT 2026-01-01T16:00Z (1 h)"] == (
        "no such file in the data folder",
        "a row every 1 h; declared proxies: binance_btc_perp, which have no valid row there either",
    )


def test_a_proxy_that_is_blocked_is_named_with_its_problems(mode: ModeConfig, world: World, make_load: Maker) -> None:
    configs, loads = world
    problem = Problem("DATA-009", "bybit.csv", "2026-01-01T05:00Z", "-1.0", "positive: open above zero")
    bybit = make_load(configs["bybit_btc_spot"], HOURS, open=np.full(96, 100.0), problems=[problem])
    error = _refusal(mode, (configs, loads | {"bybit_btc_spot": bybit}))
    assert problem in error.problems


def test_a_hole_longer_than_the_proxy_may_fill_says_so(
    mode: ModeConfig, world: World, make_config: Maker, make_load: Maker
) -> None:
    configs, loads = world
    short = make_config(
        "binance_btc_spot", "spot_prices", {"venue": "binance", "symbol": "BTCUSDT"}, proxies=["bybit_btc_spot"],
        gap={"max_gap_hours": 1, "reason": None},
    )  # fmt: skip
    spot = make_load(short, HOURS[[*range(29), *range(31, 96)]], open=np.full(94, 100.0))
    error = _refusal(mode, (configs | {"binance_btc_spot": short}, loads | {"binance_btc_spot": spot}))
    (problem,) = [problem for problem in error.problems if problem.key.startswith("spot:binance")]
    assert problem.key == "spot:binance:BTCUSDT 2026-01-01T06:00Z (1 h)"
    assert problem.expected.endswith("declared proxies: bybit_btc_spot, for at most 1 h of a hole")
