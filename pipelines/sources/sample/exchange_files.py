"""Candles and funding of the exchanges, candles of the Uniswap pools, and the defects they carry.

As in the real folder there is no Binance ETH spot and no OKX BTC perp; Binance lacks 23 hours on a few
days (one hour of the day remains), and Bybit writes a few midnight rows twice, identically.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipelines.sources.sample.bars import Bars, BarStyle, make_bars, make_pool_bars
from pipelines.sources.sample.market import Market
from pipelines.sources.sample.prices import ASSETS, RELATIVE_VOLATILITY, VENUES
from pipelines.sources.sample.processes import FloatArray, IntArray, stream
from pipelines.sources.sample.window import SampleWindow
from pipelines.sources.sample.writers import SOURCE, RawFile, csv_file, iso_malformed, iso_z

BINANCE_HOLES = ((40, 1), (81, 0), (122, 0))
"""(day of the window, first missing hour): 23 hours are missing from there."""
HOLE_HOURS = 23
BYBIT_DUPLICATE_DAYS = (39, 79, 119)
"""Days of the window whose 00:00 row is written twice."""

SPOT = {
    ("binance", "BTC"): BarStyle(2, 5, 7, 900.0),
    ("bybit", "BTC"): BarStyle(2, 6, 8, 220.0),
    ("bybit", "ETH"): BarStyle(2, 5, 8, 4_500.0),
}
PERP = {
    ("binance", "BTC"): BarStyle(1, 3, 5, 6_500.0),
    ("binance", "ETH"): BarStyle(2, 3, 5, 90_000.0),
    ("bybit", "BTC"): BarStyle(1, 3, 4, 2_400.0),
    ("bybit", "ETH"): BarStyle(2, 2, 4, 26_000.0),
    ("okx", "ETH"): BarStyle(2, 2, 4, 620_000.0),
}
TRADE_SIZE = {"BTC": 0.05, "ETH": 1.1}
POOLS = {
    "WETH": ("eth_usd", "USDT", "0x4e68ccd3e89f51c3074ca5072bbac773960dfa36", 350_000.0),
    "EIGEN": ("protocol_tokens", "WETH", "0xc2c390c6cd3c4e6c2b70727d35a45e8a072f18ca", 60.0),
    "ETHFI": ("protocol_tokens", "WETH", "0x06f00544c0bc62e6db10f46d370dfccdc23d8189", 20.0),
}
"""Folder, quote token, pool address, median hourly turnover in the quote token."""


def exchange_files(market: Market) -> Iterator[RawFile]:
    """All candle and funding files."""
    for (venue, asset), style in SPOT.items():
        yield _candle_file(market, venue, asset, "spot", market.prices.spot[venue, asset], style)
    for token in POOLS:
        yield _pool_file(market, token)
    for (venue, asset), style in PERP.items():
        yield _candle_file(market, venue, asset, "perp", market.prices.perp(venue, asset), style)
    for venue in VENUES:
        for asset in ASSETS:
            yield _funding_file(market, venue, asset)


def kept_rows(venue: str, window: SampleWindow) -> IntArray:
    """Positions of the hourly rows a venue's file holds, in order, repeats included."""
    rows = np.arange(len(window.hours))
    if venue == "binance":
        for day, hour in BINANCE_HOLES:
            first = window.hour_index(day, hour)
            rows = rows[(rows < first) | (rows >= first + HOLE_HOURS)]
    if venue == "bybit":
        twice = [window.hour_index(day) for day in BYBIT_DUPLICATE_DAYS if day < window.days]
        rows = np.sort(np.concatenate([rows, np.array(twice, dtype=np.int64)]))
    return rows


def _candle_file(market: Market, venue: str, asset: str, kind: str, path: FloatArray, style: BarStyle) -> RawFile:
    window, symbol = market.window, f"{asset}USDT"
    rng = stream(market.seed, f"bars {venue} {asset} {kind}")
    bars = make_bars(rng, path, market.prices.sigma * RELATIVE_VOLATILITY[asset], style)
    columns: dict[str, Any] = {"timestamp": iso_z(window.hours), **_prices(bars), "volume": bars.volume}
    if venue == "binance":
        trade_size = TRADE_SIZE[asset] * rng.uniform(0.8, 1.2, len(bars.volume))
        trades = np.maximum(1, (bars.volume / trade_size).astype(np.int64))
        columns |= {"quote_volume": bars.turnover, "trades_count": trades}
    columns["source"] = SOURCE
    if venue == "binance" and kind == "spot":
        columns["asset_pair"] = f"{asset}/USDT"
    else:
        columns |= {"symbol": symbol, "data_type": "spot" if kind == "spot" else "futures"}
    if venue == "bybit":
        columns["turnover"] = bars.turnover
    if kind == "perp":
        name = f"market_data/derivatives/futures_ohlcv/{venue}_{symbol}_perp_1h_{window.span}.csv"
    else:
        spot = "" if venue == "binance" else "_spot"
        name = f"market_data/spot_prices/{asset.lower()}_usd/{venue}_{symbol}{spot}_1h_{window.span}.csv"
    return csv_file(name, columns, crlf=True, rows=kept_rows(venue, window))


def _pool_file(market: Market, token: str) -> RawFile:
    folder, quote, address, turnover = POOLS[token]
    window = market.window
    path = market.prices.pool_eth if token == "WETH" else market.prices.token_in_weth[token]
    bars = make_pool_bars(stream(market.seed, f"bars uniswap {token}"), path, turnover)
    columns = {
        "timestamp": window.hours,
        "date_utc": iso_malformed(window.hours),
        **_prices(bars),
        "volume": bars.turnover,
        "pool_address": address,
        "dex": "Uniswap v3",
        "fee_tier": "0.3%",
        "base_token": token,
        "quote_token": quote,
        "source": SOURCE,
    }
    name = f"market_data/spot_prices/{folder}/uniswapv3_{token}{quote}_1h_{window.span}.csv"
    return csv_file(name, columns, crlf=True)


def _funding_file(market: Market, venue: str, asset: str) -> RawFile:
    window, symbol = market.window, f"{asset}USDT"
    columns = {
        "funding_timestamp": iso_z(window.hours[::8]),
        "funding_rate": market.funding[venue, asset],
        "symbol": symbol,
        "source": SOURCE,
    }
    return csv_file(f"market_data/derivatives/funding_rates/{venue}_{symbol}_funding_rates_{window.span}.csv", columns)


def _prices(bars: Bars) -> dict[str, FloatArray]:
    return {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close}
