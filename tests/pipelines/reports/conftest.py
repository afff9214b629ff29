"""Made-up runs with the shape of real ones: 11,880 hours, every identity of the accounting holds by construction."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from pipelines.reports import RunTables

START = pd.Timestamp("2024-05-12T00:00Z")
HOURS = 11_880
CAPITAL = 100_000.0
VENUE_SHARES = {"binance": 0.4, "bybit": 0.3, "okx": 0.3}


@dataclass
class Book:
    """Hourly components and positions of a made-up run, before they become tables."""

    mode: str
    components: dict[str, np.ndarray]
    positions: dict[str, tuple[np.ndarray, np.ndarray]]
    plug: str
    data_source: str = "csv"
    share_class: str = "usdt_stable"
    capital: float = CAPITAL


def hours_index(hours: int = HOURS) -> pd.DatetimeIndex:
    return pd.date_range(START, periods=hours, freq="h")


def long_form(ts: pd.DatetimeIndex, columns: dict[str, np.ndarray], key: str, value: str) -> pd.DataFrame:
    frames = [pd.DataFrame({"ts": ts, key: name, value: values}) for name, values in columns.items()]
    return pd.concat(frames, ignore_index=True)


def events_frame(rows: list[dict]) -> pd.DataFrame:
    columns = ["ts", "event_type", "venue", "token", "amount", "price", "bundle_id", "leg", "status", "reason",
               "cost_total", "details_json"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns).sort_values("ts", kind="stable", ignore_index=True)
    frame["seq"] = np.arange(1, len(frame) + 1)
    frame["status"] = "done"
    frame["details_json"] = "{}"
    frame["cost_total"] = frame["cost_total"].astype(float).fillna(0.0)
    return frame


def assemble(book: Book, events: pd.DataFrame, exposures: pd.DataFrame, risk: pd.DataFrame, seed: int) -> RunTables:
    hours = len(next(iter(book.components.values())))
    ts = hours_index(hours)
    pnl = np.sum(list(book.components.values()), axis=0)
    nav = book.capital + np.cumsum(pnl)
    previous = np.concatenate(([book.capital], nav[:-1]))
    peak = np.maximum.accumulate(np.maximum(nav, book.capital))
    residual = (nav - previous) - pnl
    attribution = long_form(ts, book.components, "component", "pnl")
    attribution["cumulative_pnl"] = attribution.groupby("component")["pnl"].cumsum()
    attribution = attribution[attribution["pnl"] != 0.0]
    values = {key: quantity * unit for key, (quantity, unit) in book.positions.items()}
    rest = nav - np.sum([*values.values(), np.zeros(hours)], axis=0)
    sheet = pd.concat(
        [pd.DataFrame({"ts": ts, "position_key": key, "quantity": quantity, "unit_value": unit, "value": values[key]})
         for key, (quantity, unit) in book.positions.items()]
        + [pd.DataFrame({"ts": ts, "position_key": book.plug, "quantity": rest, "unit_value": 1.0, "value": rest})],
        ignore_index=True,
    )  # fmt: skip
    years = hours / 8760
    growth = nav[-1] / book.capital
    returns = np.diff(nav) / nav[:-1]
    costs = sum(-book.components[name].sum() for name in ("gas", "trading_fees", "slippage") if name in book.components)
    margins = risk.loc[risk["metric"] == "margin_ratio", "value"]
    proxied = 276 if book.mode == "btc_basis" else 0
    run_id = f"{book.mode}-{seed:04d}"
    config = {"mode": {"mode": book.mode, "target_apy": 0.06}, "initial_capital": book.capital}
    runs = pd.DataFrame(
        [{"run_id": run_id, "mode": book.mode, "share_class": book.share_class, "window_start": ts[0],
          "window_end": ts[-1], "initial_capital": book.capital, "config_json": json.dumps(config),
          "config_hash": "9f" * 32, "code_version": "0.1.0+24895f7", "data_version": "4c" * 32,
          "result_digest": "a7" * 32, "data_source": book.data_source, "status": "success",
          "started_at": pd.Timestamp("2026-11-21T14:00Z"), "finished_at": pd.Timestamp("2026-11-21T14:01Z"),
          "is_latest": True}]
    )  # fmt: skip
    drawdown = (nav - peak) / peak
    summary = pd.DataFrame(
        [{"run_id": run_id, "final_nav": nav[-1], "total_return": growth - 1, "apr": (growth - 1) / years,
          "apy": growth ** (1 / years) - 1, "volatility": returns.std() * np.sqrt(8760),
          "sharpe": returns.mean() / returns.std() * np.sqrt(8760), "max_drawdown": -drawdown.min(),
          "target_apy": 0.06, "apy_vs_target": growth ** (1 / years) - 1.06, "total_trades": 42,
          "total_costs": costs, "min_health_factor": np.nan, "max_ltv": np.nan,
          "min_margin_ratio": margins.min() if len(margins) else np.nan, "max_abs_residual": np.abs(residual).max(),
          "hours": hours, "proxied_rows": proxied, "money_weighted_return": growth ** (1 / years) - 1}]
    )  # fmt: skip
    hourly = pd.DataFrame({"ts": ts, "nav": nav, "net_flows": 0.0, "pnl": nav - previous,
                           "cumulative_pnl": nav - book.capital, "drawdown": drawdown,
                           "residual": residual})  # fmt: skip
    return RunTables(
        runs=runs, summary=summary, hourly_pnl=hourly, pnl_attribution=attribution, events=events,
        balance_sheet=sheet, exposures=exposures, risk_metrics=risk, run_inputs=inputs_of(book, ts, hours),
        postings=postings_of(events),
    )  # fmt: skip


def inputs_of(book: Book, ts: pd.DatetimeIndex, hours: int) -> pd.DataFrame:
    lending = [("aave:USDT", "aave_usdt_reserve", "aave_v3_aave-v3-ethereum_USDT_rates_hourly.csv", 0, hours - 495)]
    basis = [
        ("spot:binance:BTCUSDT", "binance_btc_spot", "binance_BTCUSDT_1h.csv", 0, 0),
        *[(f"perp:{v}:BTCUSDT", f"{v}_btc_perp", f"{v}_BTCUSDT_perp_1h.csv", 276 if v == "okx" else 0, 0)
          for v in VENUE_SHARES],
        *[(f"funding:{v}:BTCUSDT", f"{v}_btc_funding", f"{v}_BTCUSDT_funding_rates.csv", 0, 0) for v in VENUE_SHARES],
    ]  # fmt: skip
    rows = [("gas:ethereum", "eth_gas_price", "eth_gas_prices.csv", 0, 11),
            *(basis if book.mode == "btc_basis" else lending)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["series", "dataset", "file", "proxied_rows", "projected_rows"])
    settled = frame["series"].str.startswith("funding")
    return frame.assign(
        load_id=[f"{i:02d}af31c0b7e94d52" for i in range(len(frame))],
        source=f"{book.data_source}/" + frame["file"],
        rows=np.where(settled, hours // 8, hours),
        first_ts=ts[0],
        last_ts=ts[-1],
    )


def postings_of(events: pd.DataFrame) -> pd.DataFrame:
    moved = events[events["amount"].notna()]
    keys = moved["venue"].astype(str) + ":BaseToken:" + moved["token"].astype(str)
    return pd.DataFrame(
        {"seq": moved["seq"], "ts": moved["ts"], "leg": 1, "position_key": keys, "delta": moved["amount"],
         "balance_after": moved.groupby(keys)["amount"].cumsum()}
    )  # fmt: skip


def make_btc_basis(data_source: str = "synthetic", hours: int = HOURS, seed: int = 7) -> RunTables:
    random = np.random.default_rng(seed)
    ts = hours_index(hours)
    price = 61_000 * np.exp(np.cumsum(random.normal(5e-5, 0.004, hours)))
    spot_units = 0.7 * CAPITAL / price[0]
    zeros = np.zeros(hours)
    trades = np.unique(np.concatenate(([0], random.integers(24, hours, 26)))) if hours > 48 else np.array([0])
    fees, slippage, gas, funding, basis = (zeros.copy() for _ in range(5))
    fees[trades] = -np.where(trades == 0, 95.0, random.uniform(4, 30, len(trades)))
    slippage[trades] = -np.where(trades == 0, 42.0, random.uniform(2, 14, len(trades)))
    gas[trades] = -random.uniform(0.4, 6, len(trades))
    premium = np.cumsum(random.normal(0, 1.6, hours))
    premium = premium - pd.Series(premium).ewm(span=200).mean().to_numpy()
    basis[1:] = np.diff(premium) * 1.4
    events = []
    for at in trades:
        if at:
            events.append({"ts": ts[at], "event_type": "decision", "venue": None, "reason": "margin below target"})
        spot = random.uniform(-0.02, 0.02) if at else spot_units
        events.append({"ts": ts[at], "event_type": "spot_trade", "venue": "binance", "token": "BTC", "amount": spot,
                       "price": price[at], "cost_total": -(fees[at] + slippage[at]) / 2})  # fmt: skip
        for venue, share in VENUE_SHARES.items():
            events.append({"ts": ts[at], "event_type": "perp_trade", "venue": venue, "token": "BTCUSDT",
                           "amount": -spot * share, "price": price[at],
                           "cost_total": -(fees[at] + slippage[at]) * share / 2})  # fmt: skip
        events.append({"ts": ts[at], "event_type": "gas_paid", "venue": "alchemy", "token": "ETH", "amount": -0.001,
                       "price": 3000.0, "cost_total": -gas[at]})  # fmt: skip
        events.append({"ts": ts[at], "event_type": "reconciliation", "venue": None})
    rates = 0.00011 + 0.00016 * np.sin(np.arange(hours) / 900) + random.normal(0, 5e-5, hours)
    for at in range(8, hours, 8):
        for venue, share in VENUE_SHARES.items():
            cash = spot_units * share * price[at] * rates[at] * (1.1 if venue == "bybit" else 1.0)
            funding[at] += cash
            events.append({"ts": ts[at], "event_type": "funding_settlement", "venue": venue, "token": "BTCUSDT",
                           "amount": cash, "price": price[at]})  # fmt: skip
    events.insert(0, {"ts": ts[0], "event_type": "capital_deposited", "venue": "wallet", "token": "USDT",
                      "amount": CAPITAL})  # fmt: skip
    risk, ratio_low = [], 0.20
    for number, venue in enumerate(VENUE_SHARES):
        drift = pd.Series(price).pct_change().fillna(0).rolling(400, min_periods=1).sum().to_numpy()
        ratio = np.clip(0.36 - 0.9 * drift + 0.01 * number, 0.14, 0.9)
        risk.append(pd.DataFrame({"ts": ts, "metric": "margin_ratio", "venue": venue, "value": ratio,
                                  "warning": ratio_low, "critical": 0.10}))  # fmt: skip
    share = np.clip(random.normal(0, 4e-4, hours), -2e-3, 2e-3)
    risk.append(pd.DataFrame({"ts": ts, "metric": "delta", "venue": None, "value": share, "warning": 0.005,
                              "critical": np.nan}))  # fmt: skip
    risk = pd.concat(risk, ignore_index=True)
    low = (risk["metric"] == "margin_ratio") & (risk["value"] < ratio_low)
    risk["state"] = np.where(low, "warning", "ok")
    breached = risk.loc[low & (risk["venue"] == "okx"), "ts"].iloc[::6]
    events += [{"ts": at, "event_type": "risk_breach", "venue": "okx", "reason": "below warning"} for at in breached]
    exposures = pd.concat([
        pd.DataFrame({"ts": ts, "asset": "BTC", "net_delta": share * CAPITAL / price, "onchain_delta": 0.0,
                      "exchange_delta": share * CAPITAL / price, "net_delta_value": share * CAPITAL}),
        pd.DataFrame({"ts": ts, "asset": "ETH", "net_delta": -0.004, "onchain_delta": -0.004, "exchange_delta": 0.0,
                      "net_delta_value": -0.004 * 3000}),
    ])  # fmt: skip
    delta = np.concatenate(([0.0], share[:-1] * CAPITAL * np.diff(price) / price[:-1]))
    book = Book(
        "btc_basis",
        {"funding_pnl": funding, "basis_pnl": basis, "delta_pnl": delta, "trading_fees": fees, "slippage": slippage,
         "gas": gas},
        {"binance:BaseToken:BTC": (np.full(hours, spot_units), price),
         "binance:Perp:BTCUSDT": (np.full(hours, -spot_units * 0.4), (price - price[0])),
         "wallet:BaseToken:ETH": (np.full(hours, -0.004), np.full(hours, 3000.0))},
        plug="bybit:BaseToken:USDT", data_source=data_source,
    )  # fmt: skip
    return assemble(book, events_frame(events), exposures, risk, seed)


def make_pure_lending(data_source: str = "csv", hours: int = HOURS, seed: int = 11) -> RunTables:
    random = np.random.default_rng(seed)
    ts = hours_index(hours)
    rate = 0.05 + 0.02 * np.sin(np.arange(hours) / 1500) + random.normal(0, 0.001, hours)
    gas = np.zeros(hours)
    gas[0] = -2.9
    growth = np.cumprod(np.concatenate(([1.0], 1 + np.clip(rate[1:], 0.001, 0.2) / 8760)))
    supply = CAPITAL * np.diff(growth, prepend=1.0)
    events = events_frame([
        {"ts": ts[0], "event_type": "capital_deposited", "venue": "wallet", "token": "USDT", "amount": CAPITAL},
        {"ts": ts[0], "event_type": "decision", "venue": None, "reason": "entry_full"},
        {"ts": ts[0], "event_type": "lend_supply", "venue": "aave_v3", "token": "USDT", "amount": CAPITAL,
         "price": 1.0},
        {"ts": ts[0], "event_type": "gas_paid", "venue": "alchemy", "token": "ETH", "amount": -0.001, "price": 2900.0,
         "cost_total": 2.9},
        {"ts": ts[0], "event_type": "reconciliation", "venue": None},
    ])  # fmt: skip
    exposures = pd.DataFrame({"ts": ts, "asset": "ETH", "net_delta": -0.001, "onchain_delta": -0.001,
                              "exchange_delta": 0.0, "net_delta_value": -2.9})  # fmt: skip
    risk = pd.DataFrame({"ts": ts[:0], "metric": "", "venue": "", "value": 0.0, "warning": 0.0, "critical": 0.0,
                         "state": ""}, index=range(0))  # fmt: skip
    book = Book("pure_lending", {"supply_yield": supply, "gas": gas},
                {"wallet:BaseToken:ETH": (np.full(hours, -0.001), np.full(hours, 2900.0))},
                plug="aave_v3:aToken:aUSDT", data_source=data_source)  # fmt: skip
    return assemble(book, events, exposures, risk, seed)


@pytest.fixture(scope="session")
def btc_basis_run() -> RunTables:
    return make_btc_basis()


@pytest.fixture(scope="session")
def pure_lending_run() -> RunTables:
    return make_pure_lending()
