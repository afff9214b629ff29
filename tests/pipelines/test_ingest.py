"""Loading a folder: what is stored, what is reused, and what a bad file blocks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BasisError
from pipelines.backtest import BacktestRequest, effective_request
from pipelines.ingest import ingest, market_for_mode, required_datasets, update_market
from pipelines.market.panel import build_panel
from pipelines.project import Project
from pipelines.sources.data_root import DataRoot

USDT_RATES = "protocol_data/aave/rates/aave_v3_aave-v3-ethereum_USDT_rates_*.csv"


def load(project: Project, root: DataRoot, mode: str = "pure_lending"):
    run = effective_request(project, BacktestRequest(mode))
    return run, market_for_mode(project, root, run.mode)


def break_usdt_index(folder: Path) -> None:
    """The liquidity index of one day falls."""
    [path] = folder.glob(USDT_RATES)
    lines = path.read_text().splitlines()
    column = lines[0].split(",").index("liquidityIndex")
    cells = lines[9].split(",")
    cells[column] = str(float(cells[column]) * 0.9)
    lines[9] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def own_sample(small_sample: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_sample, tmp_path / "own"))


def test_a_mode_needs_its_series_and_their_proxies_and_nothing_else(project: Project) -> None:
    names = required_datasets(project.configuration.modes["btc_basis"], project.datasets)
    assert {"okx_btc_perp", "binance_btc_perp", "execution_costs", "eth_gas_price"} <= set(names)
    assert not {"okx_eth_perp", "aave_usdt_reserve", "weeth_oracle_rate"} & set(names)


def test_unchanged_files_are_not_parsed_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project.data_root()
    names = ["aave_usdt_reserve", "eth_gas_price"]
    first = ingest(project, root, names)
    monkeypatch.setattr("pipelines.loads.validate_dataset", lambda *_: pytest.fail("parsed again"))
    again = ingest(project, root, names)
    for name in names:
        assert again[name].rows.equals(first[name].rows)
        assert again[name].checks == first[name].checks
        assert (again[name].load_id, again[name].first_ts) == (first[name].load_id, first[name].first_ts)


def test_an_unchanged_folder_is_not_written_again(project: Project) -> None:
    root = project.data_root()
    load(project, root)
    path = project.lake.path("market.aave_reserves", root.data_root_id)
    written = path.stat().st_mtime_ns
    load(project, root)
    assert path.stat().st_mtime_ns == written


def test_loading_one_mode_keeps_the_series_of_another(project: Project) -> None:
    root = project.data_root()
    load(project, root, "btc_basis")
    load(project, root, "eth_basis")
    with project.lake.connect() as connection:
        rows = connection.execute("SELECT DISTINCT symbol FROM market.perp_prices ORDER BY 1").fetchall()
    assert rows == [("BTCUSDT",), ("ETHUSDT",)]


def test_market_rows_lead_back_to_the_line_of_their_file(project: Project) -> None:
    load(project, project.data_root(), "btc_basis")
    query = """
        SELECT count(*), count(o.source_row) FROM market.spot_prices AS m
        LEFT JOIN observed.spot_prices AS o ON o.load_id = m.load_id AND o.ts = m.ts
        WHERE m.symbol = 'BTCUSDT' AND NOT m.is_projected
    """
    with project.lake.connect() as connection:
        rows, found = connection.execute(query).fetchone()
    assert rows == found > 0


def test_db_mode_reads_no_file(make_project: Callable[..., Project], own_sample: Path) -> None:
    root = DataRoot.open(own_sample)
    run, loaded = load(make_project(data_dir=own_sample), root)
    expected = build_panel(run, loaded)
    shutil.rmtree(own_sample)
    run, stored = load(make_project(data_mode="db"), root)
    assert build_panel(run, stored).data_version == expected.data_version


def test_db_mode_without_a_load_says_what_is_missing(make_project: Callable[..., Project]) -> None:
    project = make_project(data_mode="db")
    run, stored = load(project, project.data_root())
    with pytest.raises(BasisError, match="DATA-013"):
        build_panel(run, stored)


def test_a_blocked_dataset_is_recorded_and_earlier_rows_stay(
    make_project: Callable[..., Project], own_sample: Path
) -> None:
    project, root = make_project(data_dir=own_sample), DataRoot.open(own_sample)
    load(project, root)
    before = project.lake.read("market.aave_reserves", [root.data_root_id])
    break_usdt_index(own_sample)
    run, market = load(project, root)
    blocked = market.loads["aave_usdt_reserve"]
    assert blocked.blocked
    assert project.lake.read("market.aave_reserves", [root.data_root_id]).equals(before)
    stored = project.lake.read("quality.checks", [blocked.load_id]).to_pylist()
    assert any(check["check_name"] == "monotone" and not check["passed"] for check in stored)
    with pytest.raises(BasisError, match="DATA-006"):
        build_panel(run, market)


def cut_off(folder: Path) -> None:
    """The last row of the file ends half-way."""
    [path] = folder.glob(USDT_RATES)
    path.write_text(path.read_text().rstrip()[:-60])


@pytest.mark.parametrize("spoil", [break_usdt_index, cut_off])
def test_a_blocked_dataset_stays_blocked_when_its_load_is_known(
    make_project: Callable[..., Project], own_sample: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(own_sample)
    project, root = make_project(data_dir=own_sample), DataRoot.open(own_sample)
    first = ingest(project, root, ["aave_usdt_reserve"])["aave_usdt_reserve"]
    second = ingest(project, root, ["aave_usdt_reserve"])["aave_usdt_reserve"]
    assert first.problems == second.problems != []


def test_two_folders_do_not_mix(make_project: Callable[..., Project], own_sample: Path, small_sample: Path) -> None:
    project = make_project()
    first, second = DataRoot.open(small_sample), DataRoot.open(own_sample)
    for root in (first, second):
        update_market(project, root, ingest(project, root, ["eth_gas_price"]))
    with project.lake.connect() as connection:
        shown = connection.execute("SELECT DISTINCT data_root_id FROM market.gas_prices").fetchall()
    assert shown == [(second.data_root_id,)]
    assert project.lake.has("market.gas_prices", first.data_root_id)


def test_a_cut_off_row_refuses_a_run_each_time(make_project: Callable[..., Project], own_sample: Path) -> None:
    cut_off(own_sample)
    project, root = make_project(data_dir=own_sample), DataRoot.open(own_sample)
    for _ in range(2):
        run, market = load(project, root)
        with pytest.raises(BasisError, match="row_form"):
            build_panel(run, market)
