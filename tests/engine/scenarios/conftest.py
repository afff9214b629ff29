"""Markets made by hand for scenarios: every series is a number or an array a test can compute with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest

from engine.config import RunConfig
from engine.config.run import CashFlowConfig
from engine.engine import EventEngine, run_backtest
from engine.market import ExecutionCostCurve, FloatArray, MarketPanel, RewardDistribution
from engine.positions import PositionKey
from engine.results import RESIDUAL_TOLERANCE, RunResult
from engine.valuation import COMPONENT_INDEX

COSTS = ("spot.taker_fee_bps", "perp.taker_fee_bps", "perp.liquidation_fee_bps", "flash_loan_fee")


class Kit:
    """Builds runs and panels, runs them, and reads results."""

    def changed(self, run: RunConfig, parameters: Mapping[str, float], venue: str | None = None) -> RunConfig:
        """The run with parameters of its venues set to other values; ``gas_units.`` stands for every gas operation."""
        venues = {}
        for name, config in run.venues.items():
            rows = tuple(
                row.model_copy(update={"value": parameters[found]})
                if (found := next((key for key in parameters if row.key == key or row.key.startswith(f"{key}.")), None))
                and venue in (None, name)
                else row
                for row in config.parameters
            )
            venues[name] = config.model_validate({**dict(config), "parameters": rows})
        return run.model_copy(update={"venues": venues})

    def free_of_cost(self, run: RunConfig) -> RunConfig:
        """No fee of any venue, no gas, and every trade worth making."""
        free = self.changed(run, {**dict.fromkeys(COSTS, 0.0), "gas_units": 0.0})
        if run.mode.minimum_trade_usd is None:
            return free
        return free.model_copy(update={"mode": run.mode.model_copy(update={"minimum_trade_usd": 1e-9})})

    def closing(self, run: RunConfig) -> RunConfig:
        return run.model_copy(update={"close_at_end": True})

    def flows(self, run: RunConfig, *flows: tuple[int, float]) -> RunConfig:
        """The run with cash flows at hour indices."""
        start = datetime.combine(run.start, datetime.min.time(), UTC)
        made = tuple(CashFlowConfig(at=start + timedelta(hours=hour), amount=amount) for hour, amount in flows)
        return run.model_copy(update={"cash_flows": made})

    def panel(
        self,
        run: RunConfig,
        *,
        price: float | FloatArray = 3000.0,
        basis: float | FloatArray = 0.0,
        rate: float | FloatArray = 1.05,
        peg: float | FloatArray = 1.0,
        supplied: float | FloatArray = 1.0,
        borrowed: float | FloatArray = 1.0,
        funding: float = 0.0,
        gwei: float | FloatArray = 5.0,
        bps: float = 0.0,
        tokens: Mapping[str, float | FloatArray] | None = None,
        rewards: tuple[RewardDistribution, ...] = (),
        curves: Mapping[str, ExecutionCostCurve] | None = None,
    ) -> MarketPanel:
        """Every price in USDT is ``price`` (BTC costs 20 times as much), marks ``basis`` USDT above it.

        ``rate``: LST per ETH at the oracle, ``peg`` market over oracle; ``supplied`` and ``borrowed`` the indices of
        every reserve; ``funding`` each 8 hours; ``bps`` slippage of any size; ``tokens`` WETH per reward token.
        """
        first = int(datetime.combine(run.start, datetime.min.time(), UTC).timestamp())
        hours = first + 3600 * np.arange(24 * ((run.end - run.start).days + 1), dtype=np.int64)
        ones = np.ones(len(hours))
        needs = run.mode.data_requirements
        curve = ExecutionCostCurve(np.array([1e6]), np.array([0], dtype=np.int64), np.array([[bps]]))

        def spot(key: str) -> FloatArray:
            symbol = key.split(":")[1]
            if symbol.endswith("WETH"):
                return ones * (tokens or {})[symbol.removesuffix("WETH")]
            return ones * price * (20.0 if symbol == "BTCUSDT" else 1.0)

        rates = np.where(hours % 28_800 == 0, funding, np.nan)
        return MarketPanel(
            hours=hours,
            spot={key: spot(key) for key in needs.spot_prices},
            perp={key: spot(key) + basis for key in needs.perp_prices},
            funding=dict.fromkeys(needs.funding_rates, rates),
            liquidity_index=dict.fromkeys(needs.aave_reserves, ones * supplied),
            borrow_index=dict.fromkeys(needs.aave_reserves, ones * borrowed),
            oracle_rate=dict.fromkeys(needs.lst_rates, ones * rate),
            market_rate=dict.fromkeys(needs.lst_rates, ones * rate * peg),
            gas_price_gwei=ones * gwei,
            execution_costs={**dict.fromkeys(needs.execution_costs, curve), **(curves or {})},
            rewards=rewards,
        )

    def run(self, run: RunConfig, panel: MarketPanel) -> RunResult:
        """Run it, and hold it to what every run must keep."""
        result = run_backtest(run, panel)
        self.check(result)
        return result

    def checked_hourly(self, run: RunConfig, panel: MarketPanel) -> RunResult:
        """As ``run``, and the plain hourly loop must give the same result."""
        result = self.run(run, panel)
        assert EventEngine(run, panel, longest_stretch=1).run().digest == result.digest
        return result

    @staticmethod
    def check(result: RunResult) -> None:
        """Every hour reconciles, every balance is the sum of its postings, the profit is the sum of its parts."""
        relative = np.abs(result.residual) / np.abs(result.record.nav)
        assert np.isfinite(result.record.nav).all()
        assert relative.max() <= RESIDUAL_TOLERANCE, f"residual {relative.max()} at hour {int(relative.argmax())}"
        replayed: dict[str, float] = defaultdict(float)
        postings = result.postings()
        for key, delta in zip(postings["position_key"], postings["delta"], strict=True):
            replayed[key] += delta
        for text, amount in replayed.items():
            held = result.ledger.quantity(PositionKey.parse(text))
            assert amount == pytest.approx(held, rel=1e-12, abs=1e-9), text

    @staticmethod
    def series(result: RunResult, key: str) -> FloatArray:
        """(n,) stored quantity of an account."""
        return result.record.quantity[[str(item) for item in result.ledger.keys].index(key)]

    @staticmethod
    def metric(result: RunResult, name: str, venue: str | None = None) -> FloatArray:
        row = result.components.risk_monitor.row(name, venue)
        assert row is not None
        return result.record.risk[row]

    @staticmethod
    def component(result: RunResult, name: str) -> FloatArray:
        return result.record.attribution[COMPONENT_INDEX[name]]

    @staticmethod
    def events(result: RunResult, *kinds: str) -> list[dict[str, Any]]:
        """Events in order as rows with ``hour`` and ``details``; of the given types, or all."""
        columns = result.components.event_logger.columns
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        for row in rows:
            row["hour"] = (row["ts"] - int(result.hours[0])) // 3600
            row["details"] = orjson.loads(row["details_json"]) if row["details_json"] else {}
        return [row for row in rows if not kinds or row["event_type"] in kinds]

    def actions(self, result: RunResult) -> list[tuple[int, str, str]]:
        """(hour, action, trigger) of every decision."""
        return [
            (row["hour"], row["details"]["action"], row["details"]["trigger"])
            for row in self.events(result, "decision")
        ]


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()
