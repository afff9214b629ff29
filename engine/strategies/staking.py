"""Staking in the ETH class, levered or not.

    unlevered   NAV(T) = (E − gas) · r(T) / r(T0)
    levered     collateral E/(1 − λ), debt E·λ/(1 − λ); between rebalances equity grows by
                ((1 + s)(1 + r) − L(1 + b)) / (1 − L) per step

All ETH the wallet need not keep is put to work.  Above its warning level the loop is brought back to its target LTV;
drifting away from the target leverage by more than the deviation threshold re-levers it.
"""

from __future__ import annotations

import numpy as np

from engine.config import RunConfig
from engine.instructions import Action, Decision
from engine.market import BoolArray
from engine.positions import WALLET_ETH, PositionKey
from engine.strategies.base import Snapshot, StrategyContext, required
from engine.strategies.rewards import RewardDesk
from engine.strategies.staking_leg import StakingLeg


class StakingStrategy:
    def __init__(self, context: StrategyContext) -> None:
        self._context = context
        self._leg = StakingLeg(context)
        self._rewards = RewardDesk(context)
        self._treasury = context.treasury
        self._threshold = context.run.mode.position_deviation_threshold
        self._closing = False

    @classmethod
    def open_accounts(cls, run: RunConfig) -> tuple[PositionKey, ...]:
        lst = required(run.mode.lst_token, "lst_type")
        return (
            WALLET_ETH,
            *StakingLeg.accounts(lst, run.mode.borrowing_enabled),
            *RewardDesk.accounts(run),
        )

    def stand_down(self) -> None:
        self._closing = True

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        """Idle ETH, leverage off target, risk, an unpaid withdrawal, dust worth selling, or a position to leave."""
        state = self._leg.state(snapshot.start)
        if self._closing:
            return np.full(len(snapshot), state.staked > 0.0)
        excess = self._treasury.idle() - self._treasury.kept(snapshot.nav)
        staked_share = (snapshot.nav - self._treasury.idle()) / snapshot.nav
        acts: BoolArray = excess > self._threshold * snapshot.nav
        acts |= self._leg.leverage_deviation(snapshot.start, snapshot.stop) * staked_share > self._threshold
        acts |= self._context.at_risk(snapshot)
        acts |= self._treasury.outstanding > self._treasury.idle() + state.pending
        acts |= self._rewards.worth_selling(snapshot)
        return acts

    def decide(self, snapshot: Snapshot) -> Decision | None:
        if not self.triggers(snapshot)[0]:
            return None
        hour = snapshot.start
        if self._closing:
            blocks = (*self._leg.leave_all(hour).blocks, *self._rewards.sell(hour))
            return Decision(Action.EXIT_FULL, "position", "standing down", blocks)
        if self._context.at_risk(snapshot)[0] and (blocks := self._leg.relever(hour, urgent=True).blocks):
            return Decision(Action.EXIT_PARTIAL, "risk", "a risk measure is past its level", blocks)
        return (
            self._withdraw(hour)
            or self._invest(snapshot)
            or (self._rewards.sale(hour) if self._rewards.worth_selling(snapshot)[0] else self._relever(hour))
        )

    def _invest(self, snapshot: Snapshot) -> Decision | None:
        hour = snapshot.start
        excess = self._treasury.idle() - float(self._treasury.kept(snapshot.nav)[0])
        invested = excess - self._leg.gas_to_invest(hour)
        if excess <= self._threshold * float(snapshot.nav[0]) or invested <= 0.0:
            return None
        action = Action.ENTRY_PARTIAL if self._leg.state(hour).staked > 0.0 else Action.ENTRY_FULL
        return Decision(action, "position", f"{excess:.4f} ETH idle", self._leg.invest(invested, hour))

    def _relever(self, hour: int) -> Decision | None:
        blocks = self._leg.relever(hour).blocks
        if not blocks:
            return None
        raises = blocks[-1].name == "lever up"
        deviation = float(self._leg.leverage_deviation(hour, hour + 1)[0])
        action = Action.ENTRY_PARTIAL if raises else Action.EXIT_PARTIAL
        return Decision(action, "position", f"leverage is {deviation:.3f} off its target", blocks)

    def _withdraw(self, hour: int) -> Decision | None:
        state = self._leg.state(hour)
        wanted = self._treasury.outstanding - self._treasury.idle() - state.pending
        if wanted <= 0.0 or state.staked <= 0.0:
            return None
        needed = wanted + self._leg.gas_to_leave(hour)
        if needed >= state.staked:
            return Decision(
                Action.EXIT_FULL, "withdrawal", "everything is wanted back", self._leg.leave_all(hour).blocks
            )
        blocks = self._leg.leave(needed, hour, urgent=False).blocks
        return Decision(Action.EXIT_PARTIAL, "withdrawal", f"{wanted:.4f} ETH wanted in the wallet", blocks)
