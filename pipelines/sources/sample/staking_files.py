"""Files about staking: DEX peg, oracle yield of weETH, published eETH yield and the Ethena benchmark.

APR from a daily yield ``y``: ``365·y``; APY: ``(1 + y)^365 - 1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipelines.sources.sample.market import Market
from pipelines.sources.sample.processes import FloatArray, stream
from pipelines.sources.sample.staking import ethena_apy_percent
from pipelines.sources.sample.writers import (
    SOURCE,
    RawFile,
    csv_file,
    iso_date,
    iso_malformed,
    iso_naive,
    iso_offset,
)

PEG = {"weETH": ("curve", "direct_etherfi", 18.0, 4), "wstETH": ("uniswap", "direct_lido", 14.0, 1)}
"""DEX, route name, constant gas and execution cost in USD, first hour of the file."""
PEG_TRADE_USD = 10_000.0
DISCOUNT_PERCENT = -0.5
"""Below it the file calls a peg a discount."""
EETH_DAYS_WITHOUT_REWARD = 10


def staking_files(market: Market) -> Iterator[RawFile]:
    """Peg, yield and benchmark files."""
    for name in PEG:
        yield _peg_file(market, name)
    yield _oracle_yield_file(market)
    yield _eeth_file(market)
    yield from _ethena_files(market)


def _peg_file(market: Market, name: str) -> RawFile:
    dex, direct, cost, first = PEG[name]
    window, lst = market.window, market.lsts[name]
    rows = slice(first, len(window.hours))
    hours, protocol, traded = window.hours[rows], lst.hourly[rows], lst.market[rows]
    premium = (traded / protocol - 1.0) * 100.0
    benefit = np.abs(premium) / 100.0 * PEG_TRADE_USD - cost
    columns: dict[str, Any] = {
        "timestamp": iso_offset(hours),
        "protocol_rate": protocol,
        "asset": name,
        "source": SOURCE,
        "quote_currency": "ETH",
        "date_oracle": iso_date(hours),
        "date_market": iso_date(hours),
        "market_rate": traded,
        "dex": dex,
        "market_rate_median_24h": traded,
        "peg_premium_percent": premium,
        "base_asset": "ETH",
        "processed_date": window.processed,
        "direct_gas_cost_usd": cost,
        "dex_gas_cost_usd": cost,
        "dex_execution_cost_bps": cost,
        "dex_execution_cost_usd": cost,
        "total_direct_cost_usd": cost,
        "total_dex_cost_usd": 2.0 * cost,
        "cost_difference_usd": cost,
        "optimal_route_by_cost": "direct_staking",
        "net_dex_benefit_usd": benefit,
        "optimal_route_with_costs": np.where(benefit > 0.0, "dex_swap", direct),
        "peg_status": np.where(premium < DISCOUNT_PERCENT, "discount", "at_peg"),
    }
    return csv_file(f"protocol_data/staking/peg_analysis/{name}_peg_analysis_{window.span}.csv", columns)


def _oracle_yield_file(market: Market) -> RawFile:
    window, rate = market.window, market.lsts["weETH"].rate
    days, daily = window.midnights[:-1], rate[1:] / rate[:-1] - 1.0
    columns = {
        "date": iso_date(days),
        "timestamp": iso_malformed(days),
        "protocol": "etherfi",
        "symbol": "weETH",
        "asset_type": "liquid_restaking_token",
        "base_staking_apr": 365.0 * daily,
        "base_staking_apy": _apy(daily),
        "daily_yield": daily,
        "price_start_eth": rate[:-1],
        "price_end_eth": rate[1:],
        "price_change_pct": 100.0 * daily,
        "hours_aggregated": 24,
        "yield_source": SOURCE,
        "methodology": "synthetic_daily_ratio_change",
        "processed_date": window.processed,
    }
    return csv_file(f"protocol_data/staking/base_yields/weeth_oracle_yields_{window.span}.csv", columns)


def _eeth_file(market: Market) -> RawFile:
    """Each day's growth so far, annualised in percent; the reward column begins later than the rest."""
    window, rate = market.window, market.lsts["weETH"].rate
    base = 100.0 * _apy(rate[1:] / rate[:-1] - 1.0)
    base = np.concatenate([base[:1], base])
    reward = 0.40 + 0.08 * stream(market.seed, "eeth reward").standard_normal(len(base))
    reward_text = [
        "" if day < EETH_DAYS_WITHOUT_REWARD else f"{value:.2f}" for day, value in enumerate(np.clip(reward, 0.1, None))
    ]
    path = f"manual_sources/etherfi_distributions/bar-chart-supply-apy-{window.end}-eeth.csv"
    return _epoch_table(path, market, base, reward_text)


def _ethena_files(market: Market) -> Iterator[RawFile]:
    window = market.window
    apy = ethena_apy_percent(window, market.funding["binance", "BTC"], market.seed)
    stamp = window.end.strftime("%Y%m%d")
    yield _epoch_table(
        f"manual_sources/benchmark_data/ethena_susde_historical_{stamp}.csv", market, apy, [""] * len(apy)
    )
    apr = 100.0 * 365.0 * ((1.0 + apy / 100.0) ** (1.0 / 365.0) - 1.0)
    folder = "protocol_data/staking/benchmark_yields/ethena_susde_apr_benchmark"
    yield csv_file(
        f"{folder}_{window.span}.csv",
        {
            "date": iso_date(window.midnights),
            "protocol": "ethena",
            "symbol": "sUSDE",
            "apy_percent": apy,
            "apr_percent": apr,
            "apy_decimal": apy / 100.0,
            "apr_decimal": apr / 100.0,
            "base_apy_percent": apy,
            "reward_apy_percent": 0.0,
            "source": SOURCE,
            "processed_date": window.processed,
            "methodology": "apy_converted_to_apr_for_consistency",
        },
    )
    hours = window.boundaries
    hourly_apy, hourly_apr = (np.interp(hours, window.midnights, values) for values in (apy, apr))
    yield csv_file(
        f"{folder}_hourly_{window.span}.csv",
        {
            "timestamp": iso_naive(hours),
            "apy_decimal": hourly_apy / 100.0,
            "apr_decimal": hourly_apr / 100.0,
            "apy_percent": hourly_apy,
            "apr_percent": hourly_apr,
            "protocol": "ethena",
            "symbol": "sUSDE",
            "source": SOURCE,
            "methodology": "apy_converted_to_apr_for_consistency",
            "date": iso_date(hours),
            "hour": (hours // 3600) % 24,
            "processed_date": window.processed,
        },
    )


def _epoch_table(path: str, market: Market, base: FloatArray, reward: list[str]) -> RawFile:
    """The layout of both hand-kept tables: epoch and date, percent with two decimals, no final newline."""
    midnights = market.window.midnights
    columns = {
        "Timestamp": midnights,
        "Date": iso_date(midnights),
        "Base": [f"{value:.2f}" for value in base],
        "Reward": reward,
    }
    return csv_file(path, columns, final_newline=False)


def _apy(daily: FloatArray) -> FloatArray:
    return np.asarray((1.0 + daily) ** 365 - 1.0)
