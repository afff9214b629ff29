"""The hourly panel of one run, out of the market tables: only what its mode requires, only inside its window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.market import (
    HOUR,
    BoolArray,
    ExecutionCostCurve,
    FloatArray,
    IntArray,
    MarketPanel,
    RewardDistribution,
)
from pipelines.market.agreement import Divergence, divergences
from pipelines.market.coverage import refuse_if_incomplete, window_bounds
from pipelines.market.identity import data_version, inputs_table, source_labels
from pipelines.market.schema import epoch_seconds
from pipelines.market.source import MarketSource, RequiredSeries, RunWindow, SeriesRows, required_series

_Array = TypeVar("_Array", bound=NDArray)
_HOURLY = {"spot_prices": "open", "perp_prices": "open", "funding_rates": "rate", "gas_prices": "gas_price_gwei"}


@dataclass(frozen=True)
class PanelBuild:
    """``panel`` for the engine and what it was made of.

    ``inputs`` has ``INPUTS_SCHEMA``; ``data_version`` is the sha256 of exactly the rows read;
    ``proxied_rows`` counts the proxied and filled rows among them; ``data_source`` is ``csv`` or ``synthetic``;
    ``divergences`` are the venues that part inside the window.
    """

    panel: MarketPanel
    inputs: pa.Table
    data_version: str
    proxied_rows: int
    data_source: str
    divergences: tuple[Divergence, ...] = ()


def build_panel(run: RunWindow, source: MarketSource) -> PanelBuild:
    """Read the series the run's mode requires, inside its window.

    Raises BasisError (DATA-010) with every hole, missing series and blocked dataset at once, and the
    window that would work.
    """
    found = [source.rows(series, run.allow_proxies) for series in required_series(run.mode)]
    refuse_if_incomplete(run, found, source)
    first, last = window_bounds(run)
    if run.mode.valuation == "oracle":
        optional = [RequiredSeries("lst_rates", lst, "market_rate") for lst in run.mode.data_requirements.lst_rates]
        found += [source.rows(series, run.allow_proxies) for series in optional]
    read = [_inside(rows, first, last) for rows in found]
    inputs = inputs_table(read, source)
    return PanelBuild(
        panel=_panel(read, np.arange(first, last + 1, HOUR, dtype=np.int64)),
        inputs=inputs,
        data_version=data_version(read),
        proxied_rows=sum(inputs["proxied_rows"].to_pylist()),
        data_source=source_labels(inputs),
        divergences=tuple(divergences(run, source, first, last)),
    )


def _inside(found: SeriesRows, first: int, last: int) -> SeriesRows:
    """Rows in the window; of execution costs also those in force at its first hour."""
    if found.series.table == "execution_costs":
        first = int(found.ts[np.searchsorted(found.ts, first, side="right") - 1])
    return found.between(first, last)


def _panel(read: Sequence[SeriesRows], hours: IntArray) -> MarketPanel:
    arrays: dict[str, dict[str, FloatArray]] = {table: {} for table in _HOURLY}
    indices: dict[str, dict[str, FloatArray]] = {"liquidity_index": {}, "variable_borrow_index": {}}
    lst_rates: dict[str, dict[str, FloatArray]] = {"oracle_rate": {}, "market_rate": {}}
    curves: dict[str, ExecutionCostCurve] = {}
    rewards: list[RewardDistribution] = []
    proxied: dict[str, BoolArray] = {}
    for found in read:
        table, key = found.series.table, found.series.key
        if table == "execution_costs":
            curves[key] = _curve(found)
            continue
        if table == "reward_distributions":
            rewards += _rewards(found)
            continue
        if table in _HOURLY:
            arrays[table][key] = _on_hours(hours, found, _HOURLY[table])
        elif found.series.column is not None:
            lst_rates[found.series.column][key] = _on_hours(hours, found, found.series.column)
        else:
            for column, by_asset in indices.items():
                by_asset[key] = _on_hours(hours, found, column)
        proxied[found.series.name] = _flags_on_hours(hours, found)
    return MarketPanel(
        hours=_frozen(hours),
        spot=arrays["spot_prices"],
        perp=arrays["perp_prices"],
        funding=arrays["funding_rates"],
        liquidity_index=indices["liquidity_index"],
        borrow_index=indices["variable_borrow_index"],
        oracle_rate=lst_rates["oracle_rate"],
        market_rate=lst_rates["market_rate"],
        gas_price_gwei=_only(arrays["gas_prices"]),
        execution_costs=curves,
        rewards=tuple(sorted(rewards, key=lambda payout: (payout.payout, payout.token, payout.period_start))),
        proxied=proxied,
    )


def _only(arrays: Mapping[str, FloatArray]) -> FloatArray | None:
    return next(iter(arrays.values())) if arrays else None


def _on_hours(hours: IntArray, found: SeriesRows, column: str) -> FloatArray:
    """A column on the window's hours (n,), NaN where the series has no row."""
    values = np.full(len(hours), np.nan)
    values[(found.ts - hours[0]) // HOUR] = found.numbers(column)
    return _frozen(values)


def _flags_on_hours(hours: IntArray, found: SeriesRows) -> BoolArray:
    flags = np.zeros(len(hours), dtype=np.bool_)
    flags[(found.ts - hours[0]) // HOUR] = found.flags("is_proxied")
    return _frozen(flags)


def _curve(found: SeriesRows) -> ExecutionCostCurve:
    """Pivot rows (valid_from, size, bps); every date has every size."""
    sizes, size_at = np.unique(found.numbers("size_usd"), return_inverse=True)
    valid_from, date_at = np.unique(found.ts, return_inverse=True)
    bps = np.full((len(valid_from), len(sizes)), np.nan)
    bps[date_at, size_at] = found.numbers("cost_bps")
    return ExecutionCostCurve(sizes_usd=_frozen(sizes), valid_from=_frozen(valid_from), bps=_frozen(bps))


def _rewards(found: SeriesRows) -> list[RewardDistribution]:
    starts, ends = (epoch_seconds(found.rows[name]).tolist() for name in ("period_start", "period_end"))
    rates, qualities = found.numbers("rate_per_eeth").tolist(), found.rows["data_quality"].to_pylist()
    return [
        RewardDistribution(found.series.key, start, end, payout, rate, quality)
        for start, end, payout, rate, quality in zip(starts, ends, found.ts.tolist(), rates, qualities, strict=True)
    ]


def _frozen(array: _Array) -> _Array:
    array.setflags(write=False)
    return array
