"""One bad input for every rule about a mode file: the problem names file, key, value and expectation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.config import configuration_problems

LONG_THRESHOLDS = {"warning": 0.9, "critical": 0.92}


class Case(NamedTuple):
    mode: str
    changes: Mapping[str, Any]
    code: str
    key: str
    expected: str


SCHEMA = {
    "unknown key": Case("btc_basis", {"targt_apy": 0.1}, "CFG-001", "targt_apy", "did you mean 'target_apy'?"),
    "unknown nested key": Case(
        "btc_basis", {"limits/max_second": 1}, "CFG-001", "limits.max_second", "did you mean 'max_seconds'?"
    ),
    "missing key": Case("btc_basis", {"asset": None}, "CFG-001", "asset", "'USDT', 'BTC' or 'ETH'"),
    "number as text": Case("btc_basis", {"target_apy": "0.1"}, "CFG-001", "target_apy", "a valid number"),
    "switch as text": Case("btc_basis", {"lending_enabled": "no"}, "CFG-001", "lending_enabled", "a valid boolean"),
    "capital zero": Case("btc_basis", {"initial_capital": 0.0}, "CFG-001", "initial_capital", "greater than 0"),
    "capital infinite": Case("btc_basis", {"initial_capital": float("inf")}, "CFG-001", "initial_capital", "finite"),
    "unknown strategy": Case("btc_basis", {"strategy": "carry"}, "CFG-001", "strategy", "hedged_staking"),
    "negative share": Case("btc_basis", {"allocation/margin": -0.3}, "CFG-001", "allocation.margin", "0"),
    "series without venue": Case(
        "btc_basis",
        {"data_requirements/spot_prices": ["BTCUSDT"]},
        "CFG-001",
        "data_requirements.spot_prices[0]",
        "text of the form",
    ),
    "unknown metric": Case(
        "btc_basis",
        {"component_config/risk_monitor/metrics": ["var"]},
        "CFG-001",
        "component_config.risk_monitor.metrics[0]",
        "'margin_ratio'",
    ),
    "loose tolerance": Case(
        "btc_basis",
        {"component_config/reconciliation/tolerance": 0.01},
        "CFG-001",
        "component_config.reconciliation.tolerance",
        "less than or equal to 0.000001",
    ),
    "reserve beyond one": Case("btc_basis", {"reserve_ratio": 1.5}, "CFG-001", "reserve_ratio", "less than or equal"),
}

BUSINESS = {
    "ETH class hedges": Case(
        "eth_staking_only",
        {"hedge_allocation": {"binance": 1.0}},
        "CFG-002",
        "hedge_allocation",
        "share class eth_directional never hedges",
    ),
    "ETH class switches a hedge on": Case(
        "eth_staking_only", {"basis_trade_enabled": True}, "CFG-002", "basis_trade_enabled", "never hedges"
    ),
    "USDT class with exposure does not hedge": Case(
        "eth_staking_only",
        {"share_class": "usdt_stable"},
        "CFG-002",
        "hedge_allocation",
        "always hedges exposure to ETH",
    ),
    "asset outside the class": Case("eth_staking_only", {"asset": "BTC"}, "CFG-002", "asset", "ETH"),
    "allocation": Case("btc_basis", {"allocation/spot": 0.71}, "CFG-002", "allocation", "sum to 1, not 1.01"),
    "hedge allocation": Case(
        "btc_basis", {"hedge_allocation/okx": 0.300000002}, "CFG-002", "hedge_allocation", "sum to 1, not 1.000000002"
    ),
    "wstETH pays no rewards": Case(
        "eth_staking_only",
        {"lst_type": "wsteth", "rewards_mode": "base_eigen"},
        "CFG-002",
        "rewards_mode",
        "one of base_only, the rewards of lst_type wsteth",
    ),
    "margin order": Case(
        "btc_basis",
        {"margin_thresholds/warning": 0.05},
        "CFG-002",
        "margin_thresholds.critical",
        "below margin_thresholds.warning = 0.05",
    ),
    "LTV order": Case(
        "eth_leveraged",
        {"ltv_thresholds/critical": 0.9},
        "CFG-002",
        "ltv_thresholds.critical",
        "above ltv_thresholds.warning = 0.91",
    ),
    "health factor order": Case(
        "eth_leveraged",
        {"health_factor_thresholds/critical": 1.05},
        "CFG-002",
        "health_factor_thresholds.critical",
        "below health_factor_thresholds.warning = 1.04",
    ),
    "target above warning": Case(
        "eth_leveraged", {"target_ltv": 0.92}, "CFG-002", "target_ltv", "below ltv_thresholds.warning = 0.91"
    ),
    "target above the e-mode LTV": Case(
        "eth_leveraged",
        {"target_ltv": 0.93},
        "CFG-002",
        "target_ltv",
        "below 0.93, the largest LTV of aave_v3 weETH e-mode",
    ),
    "critical beyond liquidation": Case(
        "eth_leveraged",
        {"ltv_thresholds/critical": 0.95},
        "CFG-002",
        "ltv_thresholds.critical",
        "below 0.95, the liquidation threshold",
    ),
    "warned from the start": Case(
        "eth_leveraged",
        {"health_factor_thresholds/warning": 1.09},
        "CFG-002",
        "health_factor_thresholds.warning",
        "below 1.07955, the health factor at target_ltv",
    ),
    "health factor below one": Case(
        "eth_leveraged",
        {"health_factor_thresholds/critical": 0.99},
        "CFG-002",
        "health_factor_thresholds.critical",
        "above 1",
    ),
}

FIELDS = {
    "switch of the family": Case(
        "pure_lending", {"lending_enabled": False}, "CFG-003", "lending_enabled", "True, for strategy lending"
    ),
    "lending and borrowing together": Case(
        "usdt_market_neutral", {"lending_enabled": False}, "CFG-003", "lending_enabled", "the same as borrowing_enabled"
    ),
    "allocation keys": Case(
        "pure_lending", {"allocation": {"spot": 1.0}}, "CFG-003", "allocation", "exactly the keys lending"
    ),
    "hedge without basis trade": Case(
        "pure_lending", {"hedge_allocation": {"binance": 1.0}}, "CFG-003", "hedge_allocation", "no such field"
    ),
    "hedge missing": Case("btc_basis", {"hedge_allocation": None}, "CFG-003", "hedge_allocation", "required with"),
    "spot venue missing": Case("btc_basis", {"spot_venue": None}, "CFG-003", "spot_venue", "required with"),
    "spot venue forbidden": Case("pure_lending", {"spot_venue": "binance"}, "CFG-003", "spot_venue", "no such field"),
    "margin thresholds forbidden": Case(
        "pure_lending",
        {"margin_thresholds": {"warning": 0.2, "critical": 0.1}},
        "CFG-003",
        "margin_thresholds",
        "no such field",
    ),
    "LST missing": Case("eth_staking_only", {"lst_type": None}, "CFG-003", "lst_type", "required with"),
    "LST forbidden": Case("btc_basis", {"lst_type": "weeth"}, "CFG-003", "lst_type", "no such field"),
    "rewards mode missing": Case("eth_staking_only", {"rewards_mode": None}, "CFG-003", "rewards_mode", "required"),
    "rewards mode forbidden": Case("btc_basis", {"rewards_mode": "base_only"}, "CFG-003", "rewards_mode", "no such"),
    "target LTV missing": Case(
        "eth_leveraged", {"target_ltv": None}, "CFG-003", "target_ltv", "required with borrowing_enabled"
    ),
    "target LTV forbidden": Case(
        "usdt_market_neutral_no_leverage",
        {"target_ltv": 0.8},
        "CFG-003",
        "target_ltv",
        "it is for modes with borrowing_enabled",
    ),
    "LTV thresholds missing": Case("eth_leveraged", {"ltv_thresholds": None}, "CFG-003", "ltv_thresholds", "required"),
    "LTV thresholds forbidden": Case(
        "btc_basis", {"ltv_thresholds": LONG_THRESHOLDS}, "CFG-003", "ltv_thresholds", "no such field"
    ),
    "health factor thresholds missing": Case(
        "eth_leveraged", {"health_factor_thresholds": None}, "CFG-003", "health_factor_thresholds", "required"
    ),
    "health factor thresholds forbidden": Case(
        "btc_basis",
        {"health_factor_thresholds": {"warning": 1.1, "critical": 1.05}},
        "CFG-003",
        "health_factor_thresholds",
        "no such field",
    ),
    "dust threshold missing": Case(
        "eth_staking_only",
        {"rewards_mode": "base_eigen"},
        "CFG-003",
        "dust_threshold_usd",
        "required with rewards_mode other than base_only",
    ),
    "dust threshold forbidden": Case(
        "eth_staking_only", {"dust_threshold_usd": 10.0}, "CFG-003", "dust_threshold_usd", "no such field"
    ),
    "smallest trade missing": Case(
        "btc_basis", {"minimum_trade_usd": None}, "CFG-003", "minimum_trade_usd", "required with"
    ),
    "smallest trade forbidden": Case(
        "pure_lending", {"minimum_trade_usd": 5.0}, "CFG-003", "minimum_trade_usd", "no such field"
    ),
    "venue kind": Case("pure_lending", {"venues": ["alchemy"]}, "CFG-003", "venues", "a venue of kind lending"),
    "flash loan for borrowing": Case(
        "usdt_market_neutral",
        {"venues": ["binance", "bybit", "okx", "etherfi", "aave_v3", "alchemy"]},
        "CFG-003",
        "venues",
        "kind flash_loan (morpho)",
    ),
    "metric impossible": Case(
        "pure_lending",
        {"component_config/risk_monitor/metrics": ["ltv"]},
        "CFG-003",
        "component_config.risk_monitor.metrics",
        "no ltv, it is for modes with borrowing",
    ),
    "metric required": Case(
        "eth_leveraged",
        {"component_config/risk_monitor/metrics": ["ltv"]},
        "CFG-003",
        "component_config.risk_monitor.metrics",
        "health_factor as well",
    ),
    "component impossible": Case(
        "pure_lending",
        {"component_config/pnl_calculator/components": ["supply_yield", "delta_pnl", "gas", "funding_pnl"]},
        "CFG-003",
        "component_config.pnl_calculator.components",
        "no funding_pnl",
    ),
    "component required": Case(
        "pure_lending",
        {"component_config/pnl_calculator/components": ["supply_yield"]},
        "CFG-003",
        "component_config.pnl_calculator.components",
        "gas as well",
    ),
    "exposure assets": Case(
        "btc_basis",
        {"component_config/exposure_monitor/assets": ["BTC"]},
        "CFG-003",
        "component_config.exposure_monitor.assets",
        "ETH as well",
    ),
}

DATA = {
    "perp of a hedge venue": Case(
        "btc_basis",
        {"data_requirements/perp_prices": ["binance:BTCUSDT", "bybit:BTCUSDT"]},
        "CFG-003",
        "data_requirements.perp_prices",
        "okx:BTCUSDT as well",
    ),
    "funding of a perp": Case(
        "btc_basis",
        {"data_requirements/funding_rates": []},
        "CFG-003",
        "data_requirements.funding_rates",
        "binance:BTCUSDT as well",
    ),
    "reserve of the LST": Case(
        "eth_leveraged",
        {"data_requirements/aave_reserves": ["WETH"]},
        "CFG-003",
        "data_requirements.aave_reserves",
        "weETH as well",
    ),
    "rate of the LST": Case(
        "eth_staking_only",
        {"data_requirements/lst_rates": ["wstETH"]},
        "CFG-003",
        "data_requirements.lst_rates",
        "weETH as well",
    ),
    "a series nobody reads": Case(
        "pure_lending",
        {"data_requirements/lst_rates": ["weETH"]},
        "CFG-003",
        "data_requirements.lst_rates",
        "nothing of this kind",
    ),
    "a series twice": Case(
        "pure_lending",
        {"data_requirements/aave_reserves": ["USDT", "USDT"]},
        "CFG-003",
        "data_requirements.aave_reserves",
        "each series once",
    ),
    "gas": Case(
        "pure_lending",
        {"data_requirements/gas_prices": False},
        "CFG-003",
        "data_requirements.gas_prices",
        "True: gas is paid",
    ),
    "rewards": Case(
        "eth_staking_only",
        {"rewards_mode": "base_eigen_seasonal"},
        "CFG-003",
        "data_requirements.reward_distributions",
        "ETHFI as well",
    ),
    "price of a reward": Case(
        "eth_staking_only",
        {"rewards_mode": "base_eigen"},
        "CFG-003",
        "data_requirements.spot_prices",
        "uniswap:EIGENWETH as well",
    ),
    "price of gas": Case("pure_lending", {"price_venue": {}}, "CFG-003", "price_venue", "a venue for ETH as well"),
}

CONSISTENCY = {
    "file name": Case("btc_basis", {"mode": "eth_carry"}, "CFG-004", "mode", "btc_basis, the name of the file"),
    "share class": Case(
        "btc_basis", {"share_class": "btc_stable"}, "CFG-004", "share_class", "eth_directional, usdt_stable"
    ),
    "venue": Case("btc_basis", {"venues/0": "kraken"}, "CFG-004", "venues[0]", "binance, bybit, etherfi"),
    "venue twice": Case(
        "btc_basis", {"venues": ["binance", "bybit", "okx", "okx", "alchemy"]}, "CFG-004", "venues", "each venue once"
    ),
    "hedge venue not among the venues": Case(
        "btc_basis",
        {"venues": ["binance", "bybit", "alchemy"]},
        "CFG-004",
        "hedge_allocation.okx",
        "one of the mode's own venues",
    ),
    "staking venue of the LST": Case(
        "eth_staking_only", {"venues": ["lido", "alchemy"]}, "CFG-004", "lst_type", "one of the mode's own venues: lido"
    ),
    "spot venue is no exchange": Case(
        "btc_basis", {"spot_venue": "alchemy"}, "CFG-004", "spot_venue", "an exchange: binance, bybit, okx"
    ),
    "hedge at no exchange": Case(
        "btc_basis",
        {"hedge_allocation": {"binance": 0.5, "alchemy": 0.5}},
        "CFG-004",
        "hedge_allocation.alchemy",
        "an exchange",
    ),
    "price venue is no exchange": Case(
        "btc_basis", {"price_venue/ETH": "aave_v3"}, "CFG-004", "price_venue.ETH", "an exchange"
    ),
    "price venue unknown": Case(
        "btc_basis", {"price_venue/ETH": "kraken"}, "CFG-004", "price_venue.ETH", "one of the files in venues/"
    ),
    "symbol not offered": Case(
        "btc_basis",
        {"data_requirements/perp_prices": ["okx:SOLUSDT"]},
        "CFG-004",
        "data_requirements.perp_prices[0]",
        "perp products hold SOLUSDT",
    ),
    "series of an unknown venue": Case(
        "btc_basis",
        {"data_requirements/spot_prices": ["kraken:BTCUSDT"]},
        "CFG-004",
        "data_requirements.spot_prices[0]",
        "a venue of",
    ),
    "reserve unknown to the venue": Case(
        "pure_lending", {"data_requirements/aave_reserves": ["GHO"]}, "CFG-004", "venues", "reserve.GHO.ltv"
    ),
    "reserve ratio too large": Case("btc_basis", {"reserve_ratio": 0.3}, "CFG-004", "reserve_ratio", "0.05 to 0.2"),
    "reserve ratio too small": Case("btc_basis", {"reserve_ratio": 0.01}, "CFG-004", "reserve_ratio", "0.05 to 0.2"),
    "thresholds below liquidation": Case(
        "btc_basis",
        {"margin_thresholds": {"warning": 0.02, "critical": 0.004}},
        "CFG-004",
        "margin_thresholds.critical",
        "above 0.005, the maintenance margin rate of BTCUSDT at bybit",
    ),
    "margin warned at entry": Case(
        "btc_basis",
        {"allocation": {"spot": 0.9, "margin": 0.1}},
        "CFG-004",
        "allocation.margin",
        "above the warning 0.2",
    ),
}

CASES = {
    f"{level}: {name}": case
    for level, cases in (
        ("schema", SCHEMA),
        ("business", BUSINESS),
        ("fields", FIELDS),
        ("data", DATA),
        ("consistency", CONSISTENCY),
    )
    for name, case in cases.items()
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_broken_rule_is_named(case: Case, configs_dir: Path, edit: Callable[..., None]) -> None:
    edit(f"modes/{case.mode}.yaml", case.changes)
    lines = [
        problem.line()
        for problem in configuration_problems(configs_dir, {})
        if (problem.code, problem.where, problem.key) == (case.code, f"configs/modes/{case.mode}.yaml", case.key)
    ]
    assert any(case.expected in line for line in lines), configuration_problems(configs_dir, {})


def test_missing_key(configs_dir: Path, edit: Callable[..., None], delete: object) -> None:
    edit("modes/btc_basis.yaml", {"target_apy": delete})
    (problem,) = configuration_problems(configs_dir, {})
    assert problem.line() == (
        "[CFG-001] configs/modes/btc_basis.yaml: target_apy = (missing); expected a value, the field is required"
    )


def test_a_sum_within_the_tolerance_passes(configs_dir: Path, edit: Callable[..., None]) -> None:
    edit("modes/btc_basis.yaml", {"hedge_allocation/okx": 0.3 + 5e-10})
    assert configuration_problems(configs_dir, {}) == ()
