"""Simulated Aave v3: scaled balances at the indices of the hour, and the limits of the pool.

``scaled = amount / index`` for supply and debt.  A borrow or a withdrawal is refused when it would leave the
position above the maximum LTV of the e-mode (or of the reserve), at the oracle rate, not the DEX rate.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.config import VenueConfig
from engine.errors import BasisError
from engine.instructions import Borrow, LendSupply, LendWithdraw, Repay
from engine.market import FloatArray, MarketPanel, iso_hour
from engine.maths.aave_v3 import scaled_balance
from engine.positions import WALLET, PositionKey, a_token, debt_token, wallet_key
from engine.valuation import Valuer
from engine.venues.base import Fill

LendingInstruction = LendSupply | LendWithdraw | Borrow | Repay

EVENT = {LendSupply: "lend_supply", LendWithdraw: "lend_withdraw", Borrow: "borrow", Repay: "repay"}


class SimulatedLending:
    """One pool; ``lst`` is the collateral of a loop against WETH, None for a mode that only lends."""

    def __init__(self, venue: VenueConfig, panel: MarketPanel, valuer: Valuer, lst: str | None) -> None:
        self._venue = venue
        self._panel = panel
        self._valuer = valuer
        self._lst = lst

    def execute(self, instruction: LendingInstruction, hour: int) -> tuple[Fill, ...]:
        supply_side = isinstance(instruction, LendSupply | LendWithdraw)
        into_pool = isinstance(instruction, LendSupply | Repay)
        indices = self._panel.liquidity_index if supply_side else self._panel.borrow_index
        index = float(indices[instruction.asset][hour])
        account = (a_token if supply_side else debt_token)(instruction.asset, self._venue.venue)
        to_wallet = -instruction.amount if into_pool else instruction.amount
        scaled = scaled_balance(instruction.amount, index)
        change = scaled if isinstance(instruction, LendSupply | Borrow) else -scaled
        return (
            Fill(
                EVENT[type(instruction)],
                self._venue.venue,
                instruction.asset,
                to_wallet,
                self._price(instruction.asset, hour),
                ((wallet_key(instruction.asset), to_wallet), (account, change)),
                details={"index": index, "scaled_amount": change},
            ),
        )

    def check(self, balances: Mapping[PositionKey, float], hour: int) -> None:
        """Errors: EXE-001 when ``balances`` would stand above the pool's maximum LTV."""
        if self._lst is None:
            return
        collateral, debt = self.position(balances, hour)
        limit = self.risk_parameter("ltv", hour)
        if debt > limit * collateral * (1.0 + 1e-12):
            raise BasisError(
                "EXE-001",
                f"{self._venue.venue} refuses a position with LTV {debt / collateral if collateral else np.inf:.4f} "
                f"at {iso_hour(int(self._panel.hours[hour]))}",
                expected=f"an LTV of at most {limit}",
                found=f"collateral {collateral:.6f} ETH, debt {debt:.6f} ETH",
            )

    def position(self, balances: Mapping[PositionKey, float], hour: int) -> tuple[float, float]:
        """(collateral, debt) in ETH at Aave's oracle."""
        assert self._lst is not None  # noqa: S101 - only asked where there is a collateral
        supplied = balances[a_token(self._lst, self._venue.venue)] * float(self._panel.liquidity_index[self._lst][hour])
        debt = balances[debt_token("WETH", self._venue.venue)] * float(self._panel.borrow_index["WETH"][hour])
        return supplied * float(self._panel.oracle_rate[self._lst][hour]), debt

    def risk_parameter(self, name: str, hour: int) -> float:
        """E-mode parameter of the collateral in force at an hour, a fraction."""
        return self._venue.parameter(f"emode.{self._lst}.{name}", int(self._panel.hours[hour]))

    def _price(self, asset: str, hour: int) -> float:
        if asset == self._lst:
            return float(self._panel.oracle_rate[asset][hour] * self._valuer.token_price(WALLET, "ETH")[hour])
        return float(self._valuer.token_price(WALLET, asset)[hour])


def hourly_parameter(venue: VenueConfig, key: str, panel: MarketPanel) -> FloatArray:
    """(n,) a dated parameter at every hour.  Errors: CFG-006 when none is in force at the first hour."""
    days = panel.hours // 86_400
    _, first = np.unique(days, return_index=True)
    values = [venue.parameter(key, int(panel.hours[hour])) for hour in first]
    return np.repeat(values, np.diff(np.append(first, len(panel))))
