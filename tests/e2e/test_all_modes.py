"""All seven modes on the real window: every hour reconciles, digests repeat, and NAV follows from the raw files.

The replay reads nothing of the warehouse but the event log.  It knows the raw files and the rules for putting slow
series on hours, prices perpetuals as ``z·m − Σ Δz·fill`` and Aave balances as scaled × index, and must give the
stored NAV of every hour to 1e-9.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from engine.config import Settings
from pipelines.backtest import BacktestRequest, run_mode
from pipelines.project import PROJECT_ROOT, Project
from pipelines.reports import RunTables, reconcile
from pipelines.run_reports import read_run

pytestmark = [pytest.mark.real_data, pytest.mark.slow]
START, END = date(2024, 5, 12), date(2025, 9, 18)
HOURS = pd.date_range(f"{START}T00:00Z", f"{END}T23:00Z", freq="h")
MODES = (
    "pure_lending", "btc_basis", "eth_basis", "eth_staking_only", "eth_leveraged",
    "usdt_market_neutral_no_leverage", "usdt_market_neutral",
)  # fmt: skip


INDEX_COLUMNS = {
    "supply": ("liquidityIndex", "currentLiquidityRate"),
    "debt": ("variableBorrowIndex", "currentVariableBorrowRate"),
}


@pytest.fixture(scope="module")
def project(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    settings = Settings(
        environment="dev",
        execution_mode="backtest",
        data_mode="csv",
        data_dir=real_data,
        results_dir=Path("results"),
        log_level="WARNING",
        data_start_date=START,
        data_end_date=END,
    )
    return Project(tmp_path_factory.mktemp("all"), PROJECT_ROOT / "configs", settings, {})


class RawMarket:
    """Raw files on the hours of the window, by rules written down here again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _candles(self, pattern: str) -> pd.Series:
        paths = list(self._folder.glob(pattern))
        if not paths:
            return pd.Series(np.nan, index=HOURS)
        rows = pd.read_csv(paths[0]).drop_duplicates("timestamp")
        return rows.set_index(pd.to_datetime(rows["timestamp"], utc=True))["open"].reindex(HOURS)

    def spot(self, asset: str) -> np.ndarray:
        """Binance's open, Bybit's where Binance has none."""
        folder = f"market_data/spot_prices/{asset.lower()}_usd"
        own, proxy = (self._candles(f"{folder}/{venue}_{asset}USDT_*.csv") for venue in ("binance", "bybit"))
        return own.fillna(proxy).to_numpy()

    def mark(self, venue: str, symbol: str) -> np.ndarray:
        """The venue's own perpetual, then Binance's, then Bybit's."""
        folder = "market_data/derivatives/futures_ohlcv"
        series = [self._candles(f"{folder}/{name}_{symbol}_perp_1h_*.csv") for name in (venue, "binance", "bybit")]
        return series[0].fillna(series[1]).fillna(series[2]).to_numpy()

    def index(self, asset: str, column: str, rate: str) -> np.ndarray:
        """Daily observations, grown from each midnight at the rate of the interval before it."""
        [path] = self._folder.glob(f"protocol_data/aave/rates/aave_v3_aave-v3-ethereum_{asset}_rates_*18.csv")
        rows = pd.read_csv(path)
        observed = pd.Series(rows[column].to_numpy(), index=pd.to_datetime(rows["timestamp"], unit="s", utc=True))
        result = np.empty(len(HOURS))
        for position, hour in enumerate(HOURS):
            midnight = hour.normalize()
            now = observed[midnight]
            days = (hour - midnight) / pd.Timedelta(days=1)
            before = observed.get(midnight - pd.Timedelta(days=1))
            if before is not None:
                result[position] = now * (now / before) ** days
            else:
                result[position] = now * _first_day(float(rows[rate].iloc[0]), hour.hour * 3600, column)
        return result

    def rate(self, lst: str) -> np.ndarray:
        """ETH per LST: the last midnight's, from the oracle file; the first midnight from the Aave prices."""
        [path] = self._folder.glob(f"protocol_data/aave/oracle/{lst}_ETH_oracle_*.csv")
        rows = pd.read_csv(path, comment="#")
        observed = rows.set_index(pd.to_datetime(rows["timestamp"], utc=True))["oracle_price_eth"]
        prices = {}
        for asset in (lst, "WETH"):
            [daily] = self._folder.glob(f"protocol_data/aave/rates/aave_v3_aave-v3-ethereum_{asset}_rates_*18.csv")
            frame = pd.read_csv(daily)
            prices[asset] = frame.set_index(pd.to_datetime(frame["timestamp"], unit="s", utc=True))["price"]
        first = HOURS[0]
        observed = observed[observed.index.hour == 0]
        observed[first] = prices[lst][first] / prices["WETH"][first]
        return observed.reindex(HOURS.normalize()).to_numpy()


def _first_day(rate: float, seconds: int, column: str) -> float:
    """Growth before a second observation: supply linear, borrow by Aave's three terms."""
    if column == "liquidityIndex":
        return 1.0 + rate * seconds / 31_536_000
    per_second = rate / 31_536_000
    first, second = seconds - 1, seconds - 2
    if seconds == 0:
        return 1.0
    squared = per_second * per_second
    return (
        1.0 + per_second * seconds + seconds * first * squared / 2 + seconds * first * second * squared * per_second / 6
    )


class Replay:
    """Holdings hour by hour, built from events: USDT anywhere, coins, LST tokens, perpetual sizes, scaled balances."""

    def __init__(self) -> None:
        self.usdt = np.zeros(len(HOURS))
        self.lst = np.zeros(len(HOURS))
        self.coins: dict[str, np.ndarray] = {}
        self.sizes: dict[tuple[str, str], np.ndarray] = {}
        self.scaled: dict[tuple[str, str], np.ndarray] = {}

    @staticmethod
    def _add(store: dict, key: object, hour: int, amount: float) -> None:
        store.setdefault(key, np.zeros(len(HOURS)))[hour:] += amount

    def _cash(self, token: str, hour: int, amount: float) -> None:
        """A token that came to or left the wallet or an exchange account."""
        if token in ("weETH", "wstETH"):
            self.lst[hour:] += amount
        elif token == "USDT":
            self.usdt[hour:] += amount
        else:
            self._add(self.coins, "ETH" if token == "WETH" else token, hour, amount)

    def apply(self, event: Any, hour: int) -> None:
        details = orjson.loads(event.details_json) if isinstance(event.details_json, str) else {}
        match event.event_type:
            case "capital_deposited" | "gas_paid" | "flash_borrow" | "flash_repay":
                self._cash(event.token, hour, event.amount)
            case "funding_settlement":
                self.usdt[hour:] += event.amount
            case "spot_trade":
                self._cash(event.token, hour, event.amount)
                self.usdt[hour:] -= event.amount * event.price + details["fee"]
            case "perp_trade":
                self._add(self.sizes, (event.venue, event.token), hour, event.amount)
                self.usdt[hour:] -= event.amount * event.price + details["fee"]
            case "stake":
                self._cash("ETH", hour, event.amount)
                self.lst[hour:] += details["minted"]
            case "swap":
                self.lst[hour:] += event.amount
                self._cash("ETH", hour, details["eth_received"])
            case "lend_supply" | "lend_withdraw":
                self._cash(event.token, hour, event.amount)
                self._add(self.scaled, ("supply", event.token), hour, details["scaled_amount"])
            case "borrow" | "repay":
                self._cash(event.token, hour, event.amount)
                self._add(self.scaled, ("debt", event.token), hour, details["scaled_amount"])

    def nav(self, market: RawMarket, lst: str | None) -> np.ndarray:
        """(n,) USDT."""
        eth = market.spot("ETH")
        rate = market.rate(lst) if lst else np.ones(len(HOURS))
        nav = self.usdt + self.lst * rate * eth
        for token, quantity in self.coins.items():
            nav = nav + quantity * market.spot(token)
        for (venue, symbol), size in self.sizes.items():
            nav = nav + size * market.mark(venue, symbol)
        for (side, asset), balance in self.scaled.items():
            price = np.ones(len(HOURS)) if asset == "USDT" else eth if asset == "WETH" else eth * rate
            sign = 1 if side == "supply" else -1
            nav = nav + sign * balance * market.index(asset, *INDEX_COLUMNS[side]) * price
        return nav


def replay(run: RunTables, market: RawMarket, in_eth: bool) -> np.ndarray:
    """(n,) NAV from the event log and raw prices, in the share class's currency."""
    holdings = Replay()
    start = HOURS[0].tz_convert(run.events["ts"].dt.tz)
    hours = ((run.events["ts"] - start) / pd.Timedelta(hours=1)).astype(int)
    for event, hour in zip(run.events.itertuples(), hours, strict=True):
        holdings.apply(event, hour)
    staked = run.events["details_json"].str.extract(r'"lst":"(\w+)"')[0].dropna()
    nav = holdings.nav(market, None if staked.empty else str(staked.iloc[0]))
    return nav / market.spot("ETH") if in_eth else nav


@pytest.mark.parametrize("mode", MODES)
def test_the_real_window_replays_from_raw_files(project: Project, real_data: Path, mode: str) -> None:
    done = run_mode(project, BacktestRequest(mode))
    run = read_run(project, done.run_id)
    assert len(run.hourly_pnl) == len(HOURS) == 11_880
    assert reconcile(run).passed
    assert (run.hourly_pnl["residual"].abs() <= 1e-9 * run.hourly_pnl["nav"]).all()
    replayed = replay(run, RawMarket(real_data), in_eth=mode.startswith("eth_") and mode != "eth_basis")
    assert replayed == pytest.approx(run.hourly_pnl["nav"].to_numpy(), rel=1e-9)
    postings = run.postings
    assert postings is not None
    final = postings.groupby("position_key")["delta"].sum()
    last = postings.groupby("position_key")["balance_after"].last()
    assert final.to_numpy() == pytest.approx(last.to_numpy(), rel=1e-9, abs=1e-6)
    again = run_mode(project, BacktestRequest(mode))
    assert again.run_id != done.run_id
    assert read_run(project, again.run_id).runs["result_digest"].iloc[0] == run.runs["result_digest"].iloc[0]


@pytest.mark.parametrize(
    ("mode", "long_leg"),
    [("eth_basis", "spot"), ("usdt_market_neutral_no_leverage", "stake"), ("usdt_market_neutral", "stake")],
)
def test_the_rally_of_may_2025_with_the_hedge_at_three_times(project: Project, mode: str, long_leg: str) -> None:
    """ETH +49 % in seven days from 2025-05-06: margin is fed in time, nothing is liquidated, and delta stays flat."""
    overrides = {f"allocation.{long_leg}": 0.75, "allocation.margin": 0.25}
    done = run_mode(project, BacktestRequest(mode, date(2025, 5, 6), date(2025, 5, 14), overrides=overrides))
    run = read_run(project, done.run_id)
    assert reconcile(run).passed
    assert not run.events["event_type"].eq("liquidation").any()
    margin = run.risk_metrics[run.risk_metrics["metric"] == "margin_ratio"]
    assert margin["value"].min() > 0.20, "above the warning level after every hour's trades"
    decisions = run.events[run.events["event_type"] == "decision"]["reason"]
    assert decisions.str.startswith("exit_partial").sum() >= 2, "the rally made it sell and buy shorts back"
    delta = run.exposures[run.exposures["asset"] == "ETH"]["net_delta_value"].abs().to_numpy()
    assert (delta <= 0.005 * run.hourly_pnl["nav"].to_numpy()).all()
