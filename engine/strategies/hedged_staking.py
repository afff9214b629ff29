"""Hedged staking: ETH bought on an exchange, staked (and levered) on chain, its net units sold short.

    net units x = collateral − debt + free LST + pending + wallet ETH = w · E / p        shorts z_v = −h_v · x

See ``engine.strategies.hedged`` for targets and rebalancing, ``engine.strategies.staking_leg`` for the loop.
"""

from __future__ import annotations

import numpy as np

from engine.config import RunConfig
from engine.instructions import Block, Decision, Transfer
from engine.market import BoolArray, FloatArray
from engine.positions import TRANSIT, WALLET, PositionKey, base_token
from engine.strategies.base import Snapshot, StrategyContext, required
from engine.strategies.basis_trade import hedge_accounts
from engine.strategies.hedged import HedgedCarry, LegPlan
from engine.strategies.lst_exit import Exit
from engine.strategies.rewards import RewardDesk
from engine.strategies.staking_leg import StakingLeg
from engine.venues.ethereum import gas_operation

ROUNDING = 1e-9
"""Share of freed ETH left in the wallet, so that rounding cannot make a transfer ask for more than is there."""


class StakedLeg:
    """Net ETH on chain, and what is still on the spot venue or on its way there or back."""

    def __init__(self, context: StrategyContext) -> None:
        mode = context.run.mode
        self._context = context
        self._leg = StakingLeg(context)
        self._asset = mode.asset
        self._spot_venue = required(mode.spot_venue, "spot_venue")
        self._minimum = required(mode.minimum_trade_usd, "minimum_trade_usd")
        self._price = context.panel.spot[f"{self._spot_venue}:{mode.perp_symbol}"]
        self._ledger = context.ledger
        self._on_exchange = base_token(self._spot_venue, self._asset)

    def units(self, snapshot: Snapshot) -> FloatArray:
        units: FloatArray = self._ledger.quantity(self._on_exchange) + snapshot.exposures[self._asset].onchain_delta
        return units

    def deviation(self, snapshot: Snapshot) -> FloatArray:
        """Leverage off target, or ETH that lies idle on the way."""
        idle = self._ledger.quantity(self._on_exchange) + max(self._leg.wallet, 0.0)
        share = np.abs(idle / np.maximum(np.abs(self.units(snapshot)), idle)) if idle > 0.0 else 0.0
        return np.maximum(self._leg.leverage_deviation(snapshot.start, snapshot.stop), share)

    def plan(self, change: float, hour: int, urgent: bool) -> LegPlan:
        if change >= 0.0:
            return self._grow(change, hour, urgent)
        asked_for = urgent or self._context.treasury.outstanding > 0.0
        if self._leg.is_dislocated(hour) and not asked_for:
            return LegPlan(0.0)
        way_out = self._leave(-change, hour, urgent)
        return self._sell(way_out, hour, most=-change)

    def _grow(self, change: float, hour: int, urgent: bool) -> LegPlan:
        """Buy, move on chain, and put to work what has arrived there; else put the leverage right."""
        bought = change + self._ledger.quantity(self._on_exchange)
        arrived, after = max(self._leg.wallet, 0.0), []
        if self._is_worth_it(bought, hour):
            after.append(Block("move ETH on chain", (Transfer(self._spot_venue, WALLET, self._asset, bought),)))
            arrived += 0.0 if self._delay(self._spot_venue, WALLET, hour) else bought
        if self._is_worth_it(arrived, hour):
            return LegPlan(change, after=(*after, *self._leg.invest(arrived, hour)))
        if after:
            return LegPlan(change, after=tuple(after))
        levelled = self._leg.relever(hour, urgent)
        return LegPlan(change, levelled.lost, before=levelled.blocks)

    def _leave(self, eth: float, hour: int, urgent: bool) -> Exit:
        """Free what is neither idle nor on its way already."""
        coming = self._context.agenda.incoming(hour, self._spot_venue, self._asset)
        wanted = (
            eth - self._ledger.quantity(self._on_exchange) - coming - self._leg.wallet - self._leg.state(hour).pending
        )
        return self._leg.leave(wanted, hour, urgent) if wanted > 0.0 else Exit()

    def close(self, hour: int) -> LegPlan:
        return self._sell(self._leg.leave_all(hour), hour, most=np.inf)

    def _gas(self, blocks: tuple[Block, ...], hour: int) -> float:
        """ETH that the blocks pay before their proceeds can be moved on."""
        paid = 0.0
        for block in blocks:
            own = [gas_operation(instruction) for instruction in block.instructions]
            operations = own if block.gas_operation is None else [block.gas_operation]
            paid += sum(self._context.gas.cost(operation, hour) for operation in operations if operation is not None)
        return paid

    def _sell(self, way_out: Exit, hour: int, most: float) -> LegPlan:
        """Free ETH, up to ``most``, goes to the spot venue and is sold there; gas owed is paid back first."""
        there = min(self._ledger.quantity(self._on_exchange), most)
        free = way_out.freed + self._leg.wallet - self._gas(way_out.blocks, hour)
        moved = min(free, most - there) * (1.0 - ROUNDING)
        before = way_out.blocks
        if self._is_worth_it(moved, hour):
            move = Transfer(WALLET, self._spot_venue, self._asset, moved)
            before = (*before, Block("move ETH to the exchange", (move,)))
            there += 0.0 if self._delay(WALLET, self._spot_venue, hour) else moved
        return LegPlan(-there, way_out.lost, before=before)

    def _delay(self, source: str, target: str, hour: int) -> int:
        return self._context.transfers.delay_hours(source, target, hour)

    def _is_worth_it(self, eth: float, hour: int) -> bool:
        return eth * float(self._price[hour]) > self._minimum


class HedgedStakingStrategy(HedgedCarry):
    """The staked leg hedged, with reward tokens sold when they are worth it."""

    def __init__(self, context: StrategyContext) -> None:
        super().__init__(context, StakedLeg(context), context.run.mode.allocation["stake"])
        self._rewards = RewardDesk(context)

    @classmethod
    def open_accounts(cls, run: RunConfig) -> tuple[PositionKey, ...]:
        lst = required(run.mode.lst_token, "lst_type")
        spot_venue = required(run.mode.spot_venue, "spot_venue")
        return (
            *hedge_accounts(run),
            base_token(spot_venue, run.mode.asset),
            base_token(TRANSIT, run.mode.asset),
            *StakingLeg.accounts(lst, run.mode.borrowing_enabled),
            *RewardDesk.accounts(run),
        )

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        return super().triggers(snapshot) | self._rewards.worth_selling(snapshot)

    def decide(self, snapshot: Snapshot) -> Decision | None:
        """Targets and risk first; dust is sold at an hour that asks for nothing else."""
        decision = super().decide(snapshot)
        if decision is None and self._rewards.worth_selling(snapshot)[0]:
            return self._rewards.sale(snapshot.start)
        return decision
