"""Leaving a liquid staking token that is free: through the issuer's queue or through the DEX.

The queue pays the oracle rate after a delay; the DEX pays the market rate less slippage at once.  The rule: anything
urgent, and a levered leg (its flash loan must be repaid in the same transaction), leaves through the DEX; otherwise the
cheaper of the DEX's loss and the yield forgone in the queue, gas included.  A wallet that cannot pay the queue's gas
sells that much on the DEX first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import BasisError
from engine.instructions import Block, RequestUnstake, Swap
from engine.maths.perps import BPS
from engine.positions import LST_ISSUERS, WALLET_ETH, wallet_key
from engine.strategies.base import StrategyContext, required

YIELD_LOOKBACK_HOURS = 24 * 30
SAFE_SIDE = 1.0 + 1e-9
"""Bundles borrow and sell this much more or less than the formula, so that rounding cannot revert them."""


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out: what to do, the ETH in the wallet at once, and the ETH lost in converting and borrowing."""

    blocks: tuple[Block, ...] = ()
    freed: float = 0.0
    lost: float = 0.0


class LstExit:
    """Ways out of the free units of one LST."""

    def __init__(self, context: StrategyContext, lst: str) -> None:
        self._context = context
        self._lst = lst
        self._ledger = context.ledger
        self._route = required(context.run.mode.exit_route, "exit_route")
        self._rate = context.panel.oracle_rate[lst]
        self._market = context.panel.market_rate[lst]
        self._free = wallet_key(lst)
        self._issuer = context.staking[LST_ISSUERS[lst]]

    def conversion_loss(self, eth: float, hour: int) -> float:
        """Share of its oracle value that selling ``eth`` worth of the LST on the DEX loses now."""
        if np.isnan(self._market[hour]):
            raise BasisError(
                "DATA-002",
                f"no market rate of {self._lst} is known at hour {hour} of the window, so it cannot be sold",
                expected="a market rate from the first hour that sells",
                looked_in="the run's market panel",
                found="the series starts later; see results.run_inputs for its span",
            )
        peg = float(self._market[hour] / self._rate[hour])
        slippage = self._context.dex.slippage_bps(self._lst, eth * peg, hour) * BPS
        return 1.0 - peg * (1.0 - slippage)

    def _loss_on_proceeds(self, eth: float, hour: int) -> float:
        """Share of its oracle value that a sale yielding ``eth`` loses; its size bucket is that of what is sold."""
        loss = self.conversion_loss(eth, hour)
        while (larger := self.conversion_loss(eth / (1.0 - loss), hour)) > loss:
            loss = larger
        return loss

    def gas_shortage(self, operation: str, hour: int) -> float:
        """ETH the position itself must yield for gas: nothing where gas may be owed (the USDT class)."""
        if self._ledger.may_overdraw(WALLET_ETH):
            return 0.0
        return max(self._context.gas.cost(operation, hour) * SAFE_SIDE - self._ledger.quantity(WALLET_ETH), 0.0)

    def leave(self, eth: float, hour: int, urgent: bool) -> Exit:
        """Free ``eth`` for the wallet, now or after the queue, by the route the rule prefers."""
        if not urgent and self._prefers_queue(eth, hour):
            return self._queue(eth, hour)
        loss = self._loss_on_proceeds(eth, hour)
        gross = min(eth * SAFE_SIDE / (1.0 - loss), self._held(hour))
        return Exit((self._swap("swap", gross, hour),), gross * (1.0 - loss), gross * loss)

    def _queue(self, eth: float, hour: int) -> Exit:
        """Ask the issuer for ``eth``; gas the wallet cannot pay is raised on the DEX first."""
        shortage, raised, lost = self.gas_shortage("REDEEM_LST", hour), 0.0, 0.0
        blocks: tuple[Block, ...] = ()
        if shortage > 0.0:
            proceeds = (shortage + self._context.gas.cost("TOKEN_SWAP", hour)) * SAFE_SIDE
            loss = self._loss_on_proceeds(proceeds, hour)
            raised, lost = proceeds / (1.0 - loss), proceeds / (1.0 - loss) * loss
            blocks = (self._swap("raise gas", raised, hour),)
        owed = min(eth * SAFE_SIDE, self._held(hour) - raised)
        request = RequestUnstake(LST_ISSUERS[self._lst], self._lst, owed / float(self._rate[hour]))
        return Exit((*blocks, Block("queue", (request,))), raised - lost, lost)

    def _swap(self, name: str, eth: float, hour: int) -> Block:
        """Sell ``eth`` worth of the free LST at the oracle rate, at most all of it."""
        quantity = min(eth / float(self._rate[hour]), self._ledger.quantity(self._free))
        return Block(name, (Swap("dex", self._lst, quantity),))

    def _prefers_queue(self, eth: float, hour: int) -> bool:
        """The mode's route; by cost, yield forgone and gas against loss and gas.  Too little to pay the gas is sold."""
        gas = self._context.gas
        raises_gas = self.gas_shortage("REDEEM_LST", hour) > 0.0
        first = gas.cost("TOKEN_SWAP", hour) if raises_gas else 0.0
        if raises_gas and self._held(hour) <= 2.0 * (first + gas.cost("REDEEM_LST", hour)):
            return False
        if self._route != "cheapest":
            return self._route == "queue"
        start = max(hour - YIELD_LOOKBACK_HOURS, 0)
        growth = float(self._rate[hour] / self._rate[start]) - 1.0
        hourly_yield = growth / (hour - start) if hour > start else 0.0
        queue = eth * hourly_yield * self._issuer.delay_hours(hour) + gas.cost("REDEEM_LST", hour) + first
        return queue < eth * self.conversion_loss(eth, hour) + gas.cost("TOKEN_SWAP", hour)

    def _held(self, hour: int) -> float:
        """ETH at the oracle rate that the free units stand for."""
        return self._ledger.quantity(self._free) * float(self._rate[hour])
