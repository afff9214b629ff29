"""Gas samples, gas units per operation, execution costs, and the hand-written parameter files.

Execution cost of a pair: ``half spread + impact·√(size / 1m)`` basis points, half as much again on stressed days.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipelines.sources.sample.market import Market
from pipelines.sources.sample.processes import FloatArray
from pipelines.sources.sample.regimes import STRESSED
from pipelines.sources.sample.writers import SOURCE, RawFile, csv_file, iso_date, iso_z, json_file

GAS_UNITS = {
    "STAKE_DEPOSIT": 150_000,
    "STAKE_WITHDRAWAL": 200_000,
    "TOKEN_SWAP": 180_000,
    "UNWRAP_KING_TOKEN": 150_000,
    "COLLATERAL_SUPPLIED": 250_000,
    "COLLATERAL_WITHDRAWN": 220_000,
    "LOAN_CREATED": 300_000,
    "LOAN_REPAID": 280_000,
    "TRADE_EXECUTED": 180_000,
    "ADD_LIQUIDITY_V3": 350_000,
    "VENUE_TRANSFER": 100_000,
    "CREATE_LST": 150_000,
    "REDEEM_LST": 200_000,
    "ATOMIC_ENTRY": 1_250_000,
    "ATOMIC_DELEVERAGE_ONE_SWAP": 850_000,
    "ATOMIC_DELEVERAGE_TWO_SWAPS": 1_100_000,
    "APPROVAL_ONCE": 55_000,
    "SET_EMODE_ONCE": 55_000,
}
SIZES_USD = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
PAIRS = {
    "ETH_USDT": ("DEX", 4.0, 9.0),
    "ETH_wstETH": ("DEX", 11.0, 14.0),
    "ETH_weETH": ("DEX", 14.0, 18.0),
    "ETH_stETH": ("DEX", 8.0, 9.0),
    "ETH_eETH": ("DEX", 18.0, 24.0),
    "EIGEN_USDT": ("CEX_SPOT", 7.0, 22.0),
    "ETHFI_USDT": ("CEX_SPOT", 9.0, 30.0),
    "EIGEN_ETH": ("CEX_SPOT", 8.0, 26.0),
    "ETHFI_ETH": ("CEX_SPOT", 11.0, 36.0),
    "ETHUSDT-PERP": ("CEX_PERP", 2.0, 6.0),
    "BTCUSDT-PERP": ("CEX_PERP", 2.0, 5.0),
}
"""Where the pair trades, half spread and impact in basis points."""
STRESSED_COST = 1.5


def cost_files(market: Market) -> Iterator[RawFile]:
    """Gas, execution cost and parameter files."""
    yield _gas_file(market)
    yield _operation_file(market)
    yield from _execution_cost_files(market)
    for venue in ("binance", "bybit", "okx"):
        name = f"market_data/derivatives/risk_params/{venue}_margin_requirements.json"
        yield json_file(name, _MARGIN, trailing="\n\n")
    yield json_file("protocol_data/aave/risk_params/aave_v3_risk_parameters.json", _aave_risk())
    yield csv_file(
        "manual_sources/aave_params/aave_current_v3_prams_etherum_mainnet.csv",
        _AAVE_TABLE,
        crlf=True,
        bom=True,
        final_newline=False,
    )


def _gas_file(market: Market) -> RawFile:
    gas, hours = market.gas, market.window.hours
    columns = {
        "timestamp": iso_z(hours),
        "chain": "ethereum",
        "block_number": gas.block_number,
        "block_timestamp": gas.block_timestamp,
        "gas_price_gwei": gas.price,
        "gas_price_avg_gwei": gas.price,
        "gas_price_median_gwei": (gas.base_fee + gas.tip_p25).round(2),
        "base_fee_gwei": gas.base_fee,
        "priority_fee_p25_gwei": gas.tip_p25,
        "priority_fee_p50_gwei": gas.tip_p50,
        "priority_fee_p75_gwei": gas.tip_p75,
        "source": SOURCE,
        "note": "made up by the sample generator",
    }
    return csv_file(f"blockchain_data/gas_prices/ethereum_gas_prices_{market.window.span}.csv", columns, crlf=True)


def _operation_file(market: Market) -> RawFile:
    window, price = market.window, market.gas.price
    eth = market.prices.fair["ETH"][:-1]
    content = {
        "date_range": f"{window.first_day} to {window.end}",
        "total_records": len(price),
        "gas_price_stats": {f"{key}_gwei": value for key, value in _statistics(price).items()}
        | {"p95_gwei": float(np.percentile(price, 95))},
        "operation_costs": {
            name: {
                "gas_units": units,
                "gwei_cost": _statistics(units * price),
                "eth_cost": _statistics(units * price * 1e-9),
                "usd_cost": _statistics(units * price * 1e-9 * eth),
            }
            for name, units in GAS_UNITS.items()
        },
        "eth_price_stats": {f"{key}_usd": value for key, value in _statistics(eth).items()},
    }
    return json_file(f"blockchain_data/gas_prices/operation_gas_costs_summary_{window.span}.json", content)


def _statistics(values: FloatArray) -> dict[str, float]:
    return {
        "min": float(values.min()),
        "max": float(values.max()),
        "mean": float(values.mean()),
        "median": float(np.median(values)),
    }


def execution_cost_bps(half_spread: float, impact: float, size_usd: float, stressed: bool) -> int:
    """Cost of one trade in whole basis points."""
    cost = half_spread + impact * (size_usd / 1e6) ** 0.5
    return round(cost * (STRESSED_COST if stressed else 1.0))


def _execution_cost_files(market: Market) -> Iterator[RawFile]:
    window = market.window
    stressed = (market.states == STRESSED).reshape(-1, 24).mean(axis=1) > 0.5
    days = list(zip(iso_date(window.midnights[:-1]), stressed.tolist(), strict=True))
    table: dict[str, Any] = {
        pair: {
            label: {day: execution_cost_bps(spread, impact, size, bad) for day, bad in days}
            for label, size in SIZES_USD.items()
        }
        for pair, (_, spread, impact) in PAIRS.items()
    }
    yield json_file("execution_costs/lookup_tables/execution_costs_lookup.json", table)
    venues = [venue for venue, _, _ in PAIRS.values()]
    yield json_file(
        "execution_costs/execution_cost_summary.json",
        {
            "generation_date": window.processed,
            "total_pairs": len(PAIRS),
            "total_size_buckets": len(SIZES_USD),
            "total_records": len(PAIRS) * len(SIZES_USD) * len(days),
            "pairs_covered": [pair.replace("_", "/") for pair in PAIRS],
            "size_buckets": list(SIZES_USD.values()),
            "venue_breakdown": {venue: venues.count(venue) for venue in dict.fromkeys(venues)},
            "cost_ranges": {
                pair.replace("_", "/"): {
                    "base_cost_bps": execution_cost_bps(spread, impact, SIZES_USD["10k"], stressed=False),
                    "max_cost_bps": execution_cost_bps(spread, impact, SIZES_USD["1m"], stressed=True),
                    "venue": venue,
                }
                for pair, (venue, spread, impact) in PAIRS.items()
            },
        },
    )


_MARGIN = {
    "initial_margin_requirement": 0.10,
    "maintenance_margin_requirement": 0.05,
    "liquidation_threshold": 0.05,
    "max_leverage": 10,
    "margin_call_threshold": 0.12,
    "funding_rate_interval_hours": 8,
    "position_size_limits": {"max_position_usdt": 5_000_000, "min_position_usdt": 5},
}


def _aave_risk() -> dict[str, Any]:
    pairs = ("weETH_WETH", "wstETH_WETH", "ETH_WETH")

    def limits(ltv: float, threshold: float, bonus: float) -> dict[str, dict[str, float]]:
        return {
            "ltv_limits": dict.fromkeys(pairs, ltv),
            "liquidation_thresholds": dict.fromkeys(pairs, threshold),
            "liquidation_bonus": dict.fromkeys(pairs, bonus),
        }

    return {
        "emode": limits(0.93, 0.95, 0.01),
        "standard": limits(0.78, 0.81, 0.06),
        "reserve_factors": {"weETH": 0.45, "wstETH": 0.35, "WETH": 0.15, "USDT": 0.10},
    }


_AAVE_TABLE = {
    "": [
        "Frozen",
        "Paused",
        "Collateral Enabled",
        "LTV",
        "Liquidation Threshold",
        "Liquidation Bonus",
        "Reserve Factor",
        "Borrowing Enabled",
        "Optimal Utilization",
        "Variable Borrow Rate",
        "Isolated",
        "Debt Ceiling",
        "Supply Cap",
        "Borrow Cap",
        "Borrowable in Isolation",
        "Flashloan Enabled",
    ],
    "WETH": [
        "FALSE",
        "FALSE",
        "TRUE",
        "80%",
        "83%",
        "5%",
        "15%",
        "TRUE",
        "92%",
        "2.60%",
        "FALSE",
        "N/A",
        "0.0030B",
        "0.0028B",
        "FALSE",
        "TRUE",
    ],
    "wstETH": [
        "FALSE",
        "FALSE",
        "TRUE",
        "78%",
        "81%",
        "6%",
        "35%",
        "TRUE",
        "90%",
        "0.30%",
        "FALSE",
        "N/A",
        "0.0020B",
        "0.0002B",
        "FALSE",
        "TRUE",
    ],
    "USDT": [
        "FALSE",
        "FALSE",
        "TRUE",
        "75%",
        "78%",
        "4.50%",
        "10%",
        "TRUE",
        "92%",
        "6.20%",
        "FALSE",
        "N/A",
        "9.0000B",
        "8.5000B",
        "TRUE",
        "TRUE",
    ],
    "weETH": [
        "FALSE",
        "FALSE",
        "TRUE",
        "77%",
        "80%",
        "7%",
        "45%",
        "TRUE",
        "30%",
        "0.10%",
        "FALSE",
        "N/A",
        "0.0022B",
        "0.0000B",
        "FALSE",
        "TRUE",
    ],
}
"""Made-up values in the format of the protocol's table: percent and B/M text, one undated snapshot."""
