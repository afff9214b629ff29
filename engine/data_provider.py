"""Data provider: the panel a run may read, refused at construction when it does not fit the mode (ADR-053)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.config import RunConfig
from engine.errors import BasisError, Problem
from engine.market import HOUR, FloatArray, MarketPanel, iso_hour


class DataProvider:
    """Checks the mode's ``data_requirements`` against the panel: present, hourly, complete, positive."""

    def __init__(self, run: RunConfig, panel: MarketPanel) -> None:
        problems = list(self._problems(run, panel))
        if problems:
            raise BasisError.from_problems(problems, f"the market panel does not satisfy {run.mode.mode}")
        self.panel = panel
        self.hours: list[int] = panel.hours.tolist()

    def _problems(self, run: RunConfig, panel: MarketPanel) -> Iterator[Problem]:
        if len(panel) == 0 or (np.diff(panel.hours) != HOUR).any():
            yield Problem("DATA-010", "market panel", "hours", f"{len(panel)} hours", "every hour of the window, once")
        for name, series in self._required(run, panel):
            where = f"market panel, {name}"
            if series is None:
                yield Problem("DATA-010", where, "series", None, "the series the mode requires")
            elif len(series) != len(panel):
                yield Problem("DATA-010", where, "length", len(series), f"{len(panel)} hours")
            else:
                bad = np.flatnonzero(~(np.isfinite(series) & (series > 0.0)))
                if len(bad):
                    hour = iso_hour(int(panel.hours[bad[0]]))
                    yield Problem(
                        "DATA-002", where, hour, float(series[bad[0]]), f"a positive number ({len(bad)} hours are not)"
                    )
        for name in run.mode.data_requirements.funding_rates:
            if name not in panel.funding or np.isnan(panel.funding[name]).all():
                yield Problem("DATA-010", f"market panel, funding {name}", "settlements", 0, "at least one settlement")
        for pair in run.mode.data_requirements.execution_costs:
            if pair not in panel.execution_costs:
                yield Problem("DATA-010", f"market panel, execution costs {pair}", "series", None, "a cost curve")

    @staticmethod
    def _required(run: RunConfig, panel: MarketPanel) -> Iterator[tuple[str, FloatArray | None]]:
        required = run.mode.data_requirements
        for name in required.spot_prices:
            yield f"spot {name}", panel.spot.get(name)
        for name in required.perp_prices:
            yield f"perp {name}", panel.perp.get(name)
        for asset in required.aave_reserves:
            yield f"liquidity index {asset}", panel.liquidity_index.get(asset)
            yield f"variable borrow index {asset}", panel.borrow_index.get(asset)
        for lst in required.lst_rates:
            yield f"oracle rate {lst}", panel.oracle_rate.get(lst)
            if run.mode.valuation == "market":
                yield f"market rate {lst}", panel.market_rate.get(lst)
        if required.gas_prices:
            yield "gas price", panel.gas_price_gwei
