"""Lending: all USDT supplied to Aave v3.

    NAV(T) = s · I(T) + gas debt,   s = capital / I(T0)

The scaled balance ``s`` never changes between operations; the liquidity index ``I`` carries the interest.
"""

from __future__ import annotations

import numpy as np

from engine.config import RunConfig
from engine.instructions import Action, Block, Decision, LendSupply, LendWithdraw
from engine.market import BoolArray
from engine.maths.aave_v3 import balance
from engine.positions import WALLET_ETH, PositionKey, a_token, base_token
from engine.strategies.base import Snapshot, StrategyContext

LENDING_VENUE = "aave_v3"


class LendingStrategy:
    """Supplies what the wallet need not keep, and withdraws what it lacks."""

    def __init__(self, context: StrategyContext) -> None:
        self._asset = context.run.mode.asset
        self._threshold = context.run.mode.position_deviation_threshold
        self._ledger = context.ledger
        self._treasury = context.treasury
        self._index = context.panel.liquidity_index[self._asset]
        self._supplied = a_token(self._asset, LENDING_VENUE)
        self._closing = False

    @classmethod
    def open_accounts(cls, run: RunConfig) -> tuple[PositionKey, ...]:
        asset = run.mode.asset
        return (base_token("wallet", asset), WALLET_ETH, a_token(asset, LENDING_VENUE))

    def stand_down(self) -> None:
        self._closing = True

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        """Idle cash beyond the threshold, cash that is lacking, or a position to leave."""
        if self._closing:
            return np.full(len(snapshot), self._ledger.quantity(self._supplied) > 0.0)
        excess = self._treasury.idle() - self._treasury.kept(snapshot.nav)
        acts: BoolArray = (excess > self._threshold * snapshot.nav) | (
            self._treasury.outstanding > self._treasury.idle()
        )
        return acts

    def decide(self, snapshot: Snapshot) -> Decision | None:
        if not self.triggers(snapshot)[0]:
            return None
        held = balance(self._ledger.quantity(self._supplied), float(self._index[snapshot.start]))
        excess = self._treasury.idle() - float(self._treasury.kept(snapshot.nav)[0])
        if self._closing or -excess >= held > 0.0:
            return self._decision(Action.EXIT_FULL, LendWithdraw(LENDING_VENUE, self._asset, held), "leaving the pool")
        if excess > 0.0:
            action = Action.ENTRY_PARTIAL if held else Action.ENTRY_FULL
            return self._decision(action, LendSupply(LENDING_VENUE, self._asset, excess), f"{excess:.2f} idle")
        if held == 0.0:
            return None
        return self._decision(
            Action.EXIT_PARTIAL,
            LendWithdraw(LENDING_VENUE, self._asset, -excess),
            f"{-excess:.2f} wanted in the wallet",
        )

    @staticmethod
    def _decision(action: Action, instruction: LendSupply | LendWithdraw, reason: str) -> Decision:
        name = "supply" if isinstance(instruction, LendSupply) else "withdraw"
        return Decision(action, trigger="position", reason=reason, blocks=(Block(name, (instruction,)),))
