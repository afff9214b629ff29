"""The tables of one finished run, checked once, so that everything downstream may rely on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from engine.errors import BasisError, Problem

HOUR = np.timedelta64(3600, "s")

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "runs": (
        "run_id", "mode", "share_class", "window_start", "window_end", "initial_capital", "config_json", "config_hash",
        "code_version", "data_version", "result_digest", "data_source", "status", "started_at", "finished_at",
    ),
    "summary": (
        "final_nav", "total_return", "apr", "apy", "volatility", "sharpe", "max_drawdown", "target_apy",
        "apy_vs_target", "total_trades", "total_costs", "min_health_factor", "max_ltv", "min_margin_ratio",
        "max_abs_residual", "hours", "proxied_rows", "money_weighted_return",
    ),
    "hourly_pnl": ("ts", "nav", "net_flows", "pnl", "cumulative_pnl", "drawdown", "residual"),
    "pnl_attribution": ("ts", "component", "pnl"),
    "events": (
        "seq", "ts", "event_type", "venue", "token", "amount", "price", "bundle_id", "leg", "status", "reason",
        "cost_total", "details_json",
    ),
    "balance_sheet": ("ts", "position_key", "quantity", "unit_value", "value"),
    "exposures": ("ts", "asset", "net_delta", "onchain_delta", "exchange_delta", "net_delta_value"),
    "risk_metrics": ("ts", "metric", "venue", "value", "warning", "critical", "state"),
    "run_inputs": ("series", "dataset", "load_id", "source", "rows", "proxied_rows", "projected_rows", "first_ts",
                   "last_ts"),
    "postings": ("seq", "ts", "leg", "position_key", "delta", "balance_after"),
}  # fmt: skip
_TIMES = ("ts", "window_start", "window_end", "started_at", "finished_at", "first_ts", "last_ts")
_HOURLY_KEYS: Mapping[str, tuple[str, ...]] = {
    "pnl_attribution": ("component",),
    "balance_sheet": ("position_key",),
    "exposures": ("asset",),
    "risk_metrics": ("metric", "venue"),
}
_SORT_KEYS = ("ts", "seq", "leg", "position_key", "component", "metric", "venue", "asset", "series")


@dataclass(frozen=True)
class Currency:
    """The money a share class counts in: column suffix, label and digits shown to a person."""

    suffix: str
    label: str
    digits: int


USD = Currency("usd", "USD", 2)
ETH = Currency("eth", "ETH", 6)
CURRENCIES: Mapping[str, Currency] = {"usdt_stable": USD, "USDT": USD, "eth_directional": ETH, "ETH": ETH}


@dataclass(frozen=True)
class RunTables:
    """The tables `results.*` of one run, as pandas frames with the columns of the SQL contract.

    `runs` and `summary` have one row.  Times are aware (any zone; kept as UTC).  `hourly_pnl` has every
    hour of the window once.  `postings` is optional: with it the event log shows balances after each event.

    Raises `BasisError` DATA-008 naming every missing column, wrong row count, naive time and missing hour.
    """

    runs: pd.DataFrame
    summary: pd.DataFrame
    hourly_pnl: pd.DataFrame
    pnl_attribution: pd.DataFrame
    events: pd.DataFrame
    balance_sheet: pd.DataFrame
    exposures: pd.DataFrame
    risk_metrics: pd.DataFrame
    run_inputs: pd.DataFrame
    postings: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for table in fields(self):
            frame = getattr(self, table.name)
            if frame is None:
                continue
            found = _column_problems(table.name, frame)
            problems += found
            if not found:
                object.__setattr__(self, table.name, _in_utc_and_order(frame))
        if not problems:
            problems = _shape_problems(self)
        if problems:
            raise BasisError(
                "DATA-008",
                f"the tables of the run cannot be reported ({len(problems)} problems)",
                problems=tuple(problems),
                resolution="read the whole run from results.*, every column and every hour of its window",
            )

    @property
    def run(self) -> Mapping[str, Any]:
        """The run's row of `results.runs`."""
        return {str(key): value for key, value in self.runs.iloc[0].items()}

    @property
    def figures(self) -> Mapping[str, Any]:
        """The run's row of `results.summary`."""
        return {str(key): value for key, value in self.summary.iloc[0].items()}

    @property
    def currency(self) -> Currency:
        return CURRENCIES[self.run["share_class"]]

    @property
    def is_synthetic(self) -> bool:
        return "synthetic" in str(self.run["data_source"]).lower()

    @property
    def config(self) -> Any:
        """The effective configuration of the run, as it was stored."""
        return json.loads(self.run["config_json"])

    @property
    def hours(self) -> NDArray[np.datetime64]:
        """Hour boundaries of the window, shape (n,), UTC."""
        return naive_utc(self.hourly_pnl["ts"])

    def on_hours(self, frame: pd.DataFrame, column: str, missing: float = np.nan) -> NDArray[np.float64]:
        """A column of an hourly table laid on the window's hours, shape (n,); hours without a row hold `missing`."""
        values = np.full(len(self.hours), missing)
        values[self._places(frame)] = frame[column].to_numpy(np.float64)
        return values

    def sum_by_hour(self, frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
        """Sum of a column over the rows of each hour, shape (n,)."""
        weights = frame[column].to_numpy(np.float64)
        return np.bincount(self._places(frame), weights, minlength=len(self.hours)).astype(np.float64)

    def _places(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        return ((naive_utc(frame["ts"]) - self.hours[0]) // HOUR).astype(np.int64)

    def components(self) -> dict[str, NDArray[np.float64]]:
        """P&L of each hour by component, shape (n,) each, in the run's currency; components with any value."""
        groups = self.pnl_attribution.groupby("component", sort=True)
        laid = {str(name): self.on_hours(rows, "pnl", missing=0.0) for name, rows in groups}
        return {name: values for name, values in laid.items() if np.any(values != 0.0)}

    def metric(self, name: str) -> pd.DataFrame:
        """Rows of one risk metric with a finite value."""
        rows = self.risk_metrics[self.risk_metrics["metric"] == name]
        return rows[np.isfinite(rows["value"].to_numpy(np.float64))]

    def event_rows(self, *event_types: str) -> pd.DataFrame:
        return self.events[self.events["event_type"].isin(event_types)]


def naive_utc(times: pd.Series) -> NDArray[np.datetime64]:
    """Times as `datetime64[s]` in UTC, which NumPy and Plotly take without a zone."""
    return times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[s]")


def _column_problems(table: str, frame: pd.DataFrame) -> list[Problem]:
    where = f"results.{table}"
    missing = [column for column in COLUMNS[table] if column not in frame.columns]
    problems = [Problem("DATA-008", where, column, None, "a column of that name") for column in missing]
    for column in (name for name in _TIMES if name in COLUMNS[table] and name in frame.columns and len(frame)):
        try:
            aware = pd.to_datetime(frame[column]).dt.tz is not None
        except (AttributeError, TypeError, ValueError):
            aware = False
        if not aware and frame[column].notna().any():
            problems.append(Problem("DATA-008", where, column, str(frame[column].dtype), "aware times"))
    return problems


def _in_utc_and_order(frame: pd.DataFrame) -> pd.DataFrame:
    ordered = frame.copy()
    for column in (name for name in _TIMES if name in frame.columns):
        ordered[column] = pd.to_datetime(frame[column], utc=True)
    keys = [key for key in _SORT_KEYS if key in frame.columns]
    if "seq" in keys and "ts" in keys:
        keys.remove("ts")
    return ordered.sort_values(keys, kind="stable", ignore_index=True) if keys else ordered


def _shape_problems(run: RunTables) -> list[Problem]:
    problems: list[Problem] = []
    for table in ("runs", "summary"):
        rows = len(getattr(run, table))
        if rows != 1:
            problems.append(Problem("DATA-008", f"results.{table}", "rows", rows, "exactly one row"))
    if problems:
        return problems
    if run.run["share_class"] not in CURRENCIES:
        problems.append(
            Problem("CFG-006", "results.runs", "share_class", run.run["share_class"], f"one of {sorted(CURRENCIES)}")
        )
    if run.hourly_pnl.empty:
        return [*problems, Problem("DATA-008", "results.hourly_pnl", "rows", 0, "every hour of the window")]
    hours = run.hours
    broken = np.flatnonzero(np.diff(hours) != HOUR)
    problems += [
        Problem("DATA-008", "results.hourly_pnl", "ts", str(hours[i + 1]), f"one hour after {hours[i]}") for i in broken
    ]
    for table, keys in _HOURLY_KEYS.items():
        frame = getattr(run, table)
        times = naive_utc(frame["ts"])
        repeated = int(frame.duplicated(["ts", *keys]).sum())
        if repeated:
            problems.append(Problem("DATA-008", f"results.{table}", "ts", f"{repeated} rows", f"one row per {keys}"))
        outside = int(((times < hours[0]) | (times > hours[-1])).sum())
        if outside:
            problems.append(Problem("DATA-008", f"results.{table}", "ts", f"{outside} rows", "hours of the window"))
    return problems
