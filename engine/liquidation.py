"""Liquidations that are due: by exchanges when margin is gone, by Aave when the health factor is below 1.

Exchange: the account's positions are closed at the mark with the venue's fee.  Aave: a liquidator repays the close
factor of the debt and takes ``repaid · (1 + bonus)`` of the collateral, by the protocol's rules of the day
(``engine.maths.aave_v3``), and again while the health factor is below 1: liquidators need no hour between two calls.
"""

from __future__ import annotations

from datetime import UTC, datetime

from engine.components import Components
from engine.config import RunConfig
from engine.market import FloatArray
from engine.maths.aave_v3 import health_factor, liquidation, rules_at
from engine.positions import PositionType, a_token, debt_token, wallet_key
from engine.strategies.base import Snapshot
from engine.venues.base import Fill


class Liquidations:
    def __init__(self, run: RunConfig, components: Components) -> None:
        self._run = run
        self._c = components
        self._lst = run.mode.lst_token if run.mode.borrowing_enabled else None

    def carry_out(self, snapshot: Snapshot, hour: int, attribution: FloatArray) -> bool:
        """Every liquidation due at one hour; True when there was one."""
        exhausted = self._exhausted(snapshot)
        for venue in exhausted:
            self._close(venue, hour, attribution)
        calls = 0
        row = self._c.risk_monitor.row("health_factor")
        if row is not None and float(snapshot.risk.values[row][0]) < 1.0:
            while (call := self._seize(hour)) is not None:
                self._c.position_update_handler.apply((call,), hour, attribution, "liquidated")
                calls += 1
        return bool(exhausted) or calls > 0

    def _exhausted(self, snapshot: Snapshot) -> list[str]:
        """Venues whose equity no longer covers the maintenance margin."""
        return [
            metric.venue
            for metric, values in zip(self._c.risk_monitor.metrics, snapshot.risk.values, strict=True)
            if metric.name == "maintenance_ratio" and metric.venue is not None and float(values[0]) < 1.0
        ]

    def _close(self, venue: str, hour: int, attribution: FloatArray) -> None:
        """One position after the other: each fee is capped by what the ones before left in the account."""
        exchange, ledger = self._c.venues.exchanges[venue], self._c.ledger
        for key in ledger.keys:
            if key.type is PositionType.PERP and key.venue == venue and ledger.quantity(key) != 0.0:
                fill = exchange.liquidate(key.symbol, hour)
                self._c.position_update_handler.apply((fill,), hour, attribution, "liquidated")

    def _seize(self, hour: int) -> Fill | None:
        """One liquidation call on the loop, WETH repaid and collateral taken; debt nobody can cover is written off.

        None when the protocol would refuse the call: the position is healthy (again), or it would leave too little.
        """
        assert self._lst is not None  # noqa: S101 - only a loop has a health factor
        pool, panel = self._c.venues.pools["aave_v3"], self._c.data_provider.panel
        collateral, debt = pool.position(dict(zip(self._c.ledger.keys, self._c.ledger.quantities, strict=True)), hour)
        health = float(health_factor(collateral, pool.risk_parameter("liquidation_threshold", hour), debt))
        eth_usd = float(self._c.valuer.token_price("wallet", "ETH")[hour])
        venue, at = self._run.venues["aave_v3"], int(panel.hours[hour])
        bonus = pool.risk_parameter("liquidation_bonus", hour)
        amounts = liquidation(
            rules_at(datetime.fromtimestamp(at, UTC).date()),
            health_factor=health,
            debt=debt * eth_usd,
            total_debt=debt * eth_usd,
            collateral=collateral * eth_usd,
            total_collateral=collateral * eth_usd,
            bonus=bonus,
            protocol_fee=venue.parameter("liquidation_protocol_fee", at),
        )
        if amounts.refused:
            return None
        repaid = float(amounts.repaid + amounts.deficit) / eth_usd
        seized = float(amounts.seized + amounts.protocol_fee) / eth_usd
        rate = float(panel.oracle_rate[self._lst][hour])
        valued = float(self._c.valuer.unit_value(wallet_key(self._lst)).exposure[hour])
        index, borrow_index = (float(s[hour]) for s in (panel.liquidity_index[self._lst], panel.borrow_index["WETH"]))
        return Fill(
            "liquidation",
            "aave_v3",
            self._lst,
            -seized / rate,
            rate * eth_usd,
            ((debt_token("WETH"), -repaid / borrow_index), (a_token(self._lst), -seized / rate / index)),
            {"liquidation_pnl": seized / rate * valued - repaid},
            "ETH",
            details={
                "health_factor": health,
                "bonus": bonus,
                "debt_repaid_eth": float(amounts.repaid) / eth_usd,
                "debt_written_off_eth": float(amounts.deficit) / eth_usd,
                "collateral_seized_eth": seized,
            },
        )
