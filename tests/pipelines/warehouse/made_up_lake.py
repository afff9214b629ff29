"""A tiny made-up warehouse: two loads, one folder, three runs of ten hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.warehouse import Lake
from pipelines.warehouse.loads import select_root
from pipelines.warehouse.runs import write_run

HOURS = 10
START = 1_715_472_000  # 2024-05-12T00:00Z
ROOT = "synthetic-0badcafe"
TS = START + 3600 * np.arange(HOURS)


def run_row(run_id: str, mode: str = "btc_basis") -> dict[str, Any]:
    return {
        "run_id": run_id,
        "mode": mode,
        "share_class": "usdt_stable",
        "window_start": datetime(2024, 5, 12, tzinfo=UTC),
        "window_end": datetime(2024, 5, 12, HOURS - 1, tzinfo=UTC),
        "initial_capital": 100_000.0,
        "config_json": "{}",
        "config_hash": "c0ffee",
        "code_version": "0.1.0",
    }


def outcome() -> dict[str, Any]:
    return {"data_version": "d1", "data_source": "synthetic", "result_digest": "r1", "proxied_rows": 2}


def run_tables(hours: int = HOURS) -> dict[str, dict[str, Any]]:
    ts = START + 3600 * np.arange(hours)
    pnl = np.where(np.arange(hours) % 3 == 0, -1.0, 2.0)
    nav = 100_000.0 + np.cumsum(pnl)
    keys = [f"binance:BaseToken:T{i}" for i in range(9)] + ["bybit:Perp:BTCUSDT"]
    long_ts, long_keys = np.repeat(ts, len(keys)), keys * hours
    components = ["funding_pnl", "delta_pnl", "basis_pnl", "gas", "trading_fees", "slippage"]
    values = np.repeat(nav / len(keys), len(keys))
    return {
        "summary": {
            "final_nav": nav[-1],
            "total_return": nav[-1] / 100_000.0 - 1,
            "apr": 0.05,
            "apy": 0.051,
            "volatility": 0.01,
            "sharpe": 1.2,
            "max_drawdown": -0.00001,
            "target_apy": 0.06,
            "apy_vs_target": -0.009,
            "total_trades": 4,
            "total_costs": 12.0,
            "min_health_factor": np.nan,
            "max_ltv": None,
            "min_margin_ratio": 0.15,
            "max_abs_residual": 1e-12,
            "hours": hours,
            "proxied_rows": 2,
        },
        "hourly_pnl": {
            "ts": ts,
            "nav": nav,
            "net_flows": 0.0,
            "pnl": pnl,
            "cumulative_pnl": np.cumsum(pnl),
            "drawdown": nav / np.maximum.accumulate(nav) - 1,
            "residual": 1e-12 * pnl,
        },
        "pnl_attribution": {
            "ts": np.repeat(ts, len(components)),
            "component": components * hours,
            "pnl": np.tile([2.0, 0.5, -0.5, -0.1, -0.2, -0.3], hours),
            "cumulative_pnl": np.tile([2.0, 0.5, -0.5, -0.1, -0.2, -0.3], hours),
        },
        "events": {
            "seq": [0, 1, 2],
            "ts": ts[[0, 0, 8]],
            "event_type": ["capital_deposited", "perp_trade", "funding_settlement"],
            "venue": [None, "bybit", "bybit"],
            "token": ["USDT", "BTCUSDT", "BTCUSDT"],
            "amount": [100_000.0, -1.0, 6.5],
            "price": [None, 61_000.0, 61_100.0],
            "bundle_id": None,
            "leg": None,
            "status": "completed",
            "reason": None,
            "cost_total": [0.0, 12.0, 0.0],
            "details_json": ["{}", '{"trading_fees": 12.0}', '{"rate": 0.0001}'],
        },
        "postings": {
            "seq": [0, 2],
            "leg": [0, 0],
            "position_key": ["wallet:BaseToken:USDT", "bybit:BaseToken:USDT"],
            "ts": ts[[0, 8]],
            "delta": [100_000.0, 6.5],
            "balance_after": [100_000.0, 30_006.5],
        },
        "balance_sheet": {
            "ts": long_ts,
            "position_key": long_keys,
            "quantity": np.ones(len(long_keys)),
            "unit_value": np.where(np.array(long_keys) == keys[-1], np.nan, values),
            "value": values,
        },
        "exposures": {
            "ts": ts,
            "asset": "BTC",
            "net_delta": 0.0,
            "onchain_delta": 0.0,
            "exchange_delta": np.zeros(hours),
            "net_delta_value": 0.0,
        },
        "risk_metrics": {
            "ts": np.tile(ts, 2),
            "metric": ["margin_ratio"] * hours + ["delta"] * hours,
            "venue": ["bybit"] * hours + [None] * hours,
            "value": np.tile(np.linspace(0.3, 0.15, hours), 2),
            "warning": 0.2,
            "critical": 0.1,
            "state": "ok",
        },
        "run_inputs": {
            "series": ["perp:bybit:BTCUSDT"],
            "dataset": ["bybit_btc_perp"],
            "load_id": ["load1"],
            "source": ["synthetic/bybit.csv"],
            "rows": [hours],
            "proxied_rows": [2],
            "projected_rows": [0],
            "first_ts": ts[:1],
            "last_ts": ts[-1:],
        },
    }


def prices() -> dict[str, Any]:
    price = 61_000.0 + np.arange(HOURS)
    return {
        "ts": TS,
        "venue": "bybit",
        "symbol": "BTCUSDT",
        "open": price,
        "high": price + 5,
        "low": price - 5,
        "close": price + 1,
        "volume": np.arange(HOURS),
        "source": "synthetic/bybit.csv",
        "load_id": "load1",
    }


def write_made_up_lake(root: Path) -> Lake:
    lake = Lake(root)
    lake.write_partition("observed.perp_prices", "load1", {**prices(), "source_row": np.arange(2, HOURS + 2)})
    flags = {"is_projected": False, "is_proxied": np.arange(HOURS) < 2, "proxy_of": None, "data_root_id": ROOT}
    lake.write_partition("market.perp_prices", ROOT, {**prices(), **flags})
    found = {"load_id": "load1", "dataset": "bybit_btc_perp"}
    at = datetime(2024, 5, 12, 3, tzinfo=UTC)
    lake.write_partition(
        "quality.checks",
        "load1",
        {
            **found,
            "check_name": "positive",
            "severity": "warning",
            "passed": False,
            "observed": "1 row",
            "expected": "none",
            "details": "",
            "ts": at,
        },
    )
    lake.write_partition(
        "quality.gaps",
        "load1",
        {
            **found,
            "venue": "bybit",
            "symbol": "BTCUSDT",
            "gap_start": at,
            "gap_end": at,
            "missing": 1,
            "resolution": "proxied:binance_btc_perp",
        },
    )
    lake.write_partition(
        "quality.quarantine", "load1", {**found, "row_key": "2024-05-12T03:00Z", "reason": "positive", "raw": "-1"}
    )
    lake.write_partition(
        "quality.loads",
        "load1",
        {
            **found,
            "source": "synthetic/bybit.csv",
            "content_hash": "ab",
            "rows": HOURS,
            "first_ts": TS[:1],
            "last_ts": TS[-1:],
            "loaded_at": at,
        },
    )
    select_root(lake, ROOT, root, "synthetic", True)
    for run_id, mode in (("run-a", "btc_basis"), ("run-b", "btc_basis"), ("run-c", "pure_lending")):
        write_run(lake, {**run_row(run_id, mode), **outcome()}, run_tables())
    lake.refresh_catalog()
    return lake
