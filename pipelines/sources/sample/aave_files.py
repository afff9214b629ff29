"""Files of the lending protocol: daily reserves, their interpolated hourly copies, and the oracle.

Daily rows are the state at midnight.  The hourly files and the USD oracles are straight lines between
midnights (rates: the last midnight's value), and the ETH ratios are quotients of two such lines: they
contain the next midnight, exactly as the real ones do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipelines.sources.sample.gas import block_number
from pipelines.sources.sample.lending import INDEX_DECIMALS, MODELS
from pipelines.sources.sample.market import Market
from pipelines.sources.sample.processes import FloatArray, stream
from pipelines.sources.sample.staking import LSTS
from pipelines.sources.sample.writers import SOURCE, RawFile, csv_file, iso_date, iso_offset, iso_z

TOKEN_ADDRESS = {
    "USDT": "0xdAC17F958D2ee523a2206206994597C13D831ec7",
    "WETH": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    "weETH": "0xCd5fE23C85820F7B72D0926FC9b05b43E359b7ee",
    "wstETH": "0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0",
}
HOURS_A_YEAR = 8760


def aave_files(market: Market) -> Iterator[RawFile]:
    """All files under ``protocol_data/aave``."""
    prices = _oracle_prices(market)
    for asset in MODELS:
        daily = _daily_columns(market, asset, prices[asset])
        name = f"protocol_data/aave/rates/aave_v3_aave-v3-ethereum_{asset}_rates_{market.window.span}"
        yield csv_file(f"{name}.csv", daily)
        if asset in LSTS:
            yield csv_file(f"{name}_hourly.csv", _hourly_columns(market, daily))
    yield from _oracle_files(market, prices)


def _oracle_prices(market: Market) -> dict[str, FloatArray]:
    """USD per token at midnights."""
    eth = market.eth_at_midnights
    usdt = 1.0 + np.clip(0.0004 * stream(market.seed, "usdt usd").standard_normal(len(eth)), -0.002, 0.002)
    return {
        "USDT": usdt.round(8),
        "WETH": eth,
        **{name: (market.lsts[name].rate * eth).round(8) for name in LSTS},
    }


def _daily_columns(market: Market, asset: str, price: FloatArray) -> dict[str, Any]:
    midnights, reserve = market.window.midnights, market.reserves[asset]
    at_midnight = slice(None, None, 24)
    supplied = reserve.supplied[at_midnight].round(6)
    return {
        "targetDate": iso_z(midnights),
        "timestamp": midnights,
        "blockNumber": block_number(midnights),
        "reserve": TOKEN_ADDRESS[asset],
        "symbol": asset,
        "liquidityIndex": reserve.liquidity_index[at_midnight],
        "currentLiquidityRate": reserve.supply_rate[at_midnight].round(INDEX_DECIMALS),
        "variableBorrowIndex": reserve.borrow_index[at_midnight],
        "currentVariableBorrowRate": reserve.borrow_rate[at_midnight].round(INDEX_DECIMALS),
        "currentStableBorrowRate": 0.0,
        "totalAToken": supplied,
        "totalStableDebt": 0.0,
        "totalVariableDebt": (supplied * reserve.utilisation[at_midnight]).round(6),
        "price": price,
        "date": iso_date(midnights),
    }


def _hourly_columns(market: Market, daily: dict[str, Any]) -> dict[str, Any]:
    """From 01:00 of the first day: the daily file alone has the first midnight."""
    boundaries, midnights = market.window.boundaries, market.window.midnights

    def line(column: str) -> FloatArray:
        return np.interp(boundaries, midnights, daily[column])

    last_midnight = np.arange(len(boundaries)) // 24
    liquidity, borrow = line("liquidityIndex"), line("variableBorrowIndex")
    supplied, debt = line("totalAToken"), line("totalVariableDebt")
    growth = {"liquidity": liquidity[1:] / liquidity[:-1], "borrow": borrow[1:] / borrow[:-1]}
    apy = {side: factor**HOURS_A_YEAR - 1.0 for side, factor in growth.items()}
    hours = boundaries[1:]
    return {
        "timestamp": iso_offset(hours),
        "date": iso_date(hours),
        "hour": (hours // 3600) % 24,
        "liquidityIndex": liquidity[1:],
        "variableBorrowIndex": borrow[1:],
        "liquidity_growth_factor": growth["liquidity"],
        "borrow_growth_factor": growth["borrow"],
        "liquidity_apy_hourly": apy["liquidity"],
        "borrow_apy_hourly": apy["borrow"],
        "liquidity_ccr_hourly": np.log1p(apy["liquidity"]),
        "borrow_ccr_hourly": np.log1p(apy["borrow"]),
        "currentLiquidityRate": daily["currentLiquidityRate"][last_midnight[1:]],
        "currentVariableBorrowRate": daily["currentVariableBorrowRate"][last_midnight[1:]],
        "totalAToken": supplied[1:],
        "totalVariableDebt": debt[1:],
        "utilization_rate": debt[1:] / supplied[1:],
        "oracle_price_usd": line("price")[1:],
        "source": SOURCE,
    }


def _oracle_files(market: Market, prices: dict[str, FloatArray]) -> Iterator[RawFile]:
    window = market.window
    hours = window.boundaries[1:]
    usd = {asset: np.interp(window.boundaries, window.midnights, path)[1:] for asset, path in prices.items()}
    yield _oracle_file(market, "USDT", "USD", window.midnights.tolist(), prices["USDT"])
    yield _oracle_file(market, "USDT", "ETH", [], np.array([]))
    for asset in ("WETH", *LSTS):
        yield _oracle_file(market, asset, "USD", iso_offset(hours), usd[asset])
    for asset in LSTS:
        yield _oracle_file(market, asset, "ETH", iso_offset(hours), usd[asset] / usd["WETH"])


def _oracle_file(market: Market, asset: str, quote: str, stamps: Any, values: FloatArray) -> RawFile:
    head = [f"Source: {SOURCE}", f"Asset: {asset}"]
    if quote == "ETH":
        head[1] = f"Asset_pair: {asset}_ETH"
    head.append(f"Quote_currency: {quote}")
    if quote == "ETH":
        head.append("Methodology: asset_usd / eth_usd")
    head += [f"Processed: {market.window.processed}", f"Records: {len(values)}"]
    columns = {
        "timestamp": stamps,
        f"oracle_price_{quote.lower()}": values,
        "asset": asset,
        "source": SOURCE,
        "quote_currency": quote,
    }
    path = f"protocol_data/aave/oracle/{asset}_{quote}_oracle_{market.window.span}.csv"
    return csv_file(path, columns, comments=head)
