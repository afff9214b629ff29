"""Hedged staking: ETH bought on an exchange, staked (and levered) on chain, its net units sold short.

    net units x = collateral − debt + free LST + pending + wallet ETH = w · E / p        shorts z_v = −h_v · x

See ``engine.strategies.hedged`` for targets and rebalancing, ``engine.strategies.staking_leg`` for the loop.
"""

from __future__ import annotations

import numpy as np

from engine.config import RunConfig
from engine.instructions import Block, Transfer
from engine.market import FloatArray
from engine.positions import WALLET, PositionKey, base_token
from engine.strategies.base import Snapshot, StrategyContext, required
from engine.strategies.basis_trade import hedge_accounts
from engine.strategies.hedged import HedgedCarry, LegPlan
from engine.strategies.rewards import RewardDesk
from engine.strategies.staking_leg import Exit, StakingLeg
from engine.venues.ethereum import gas_operation

ROUNDING = 1e-9
"""Share of freed ETH left in the wallet, so that rounding cannot make a transfer ask for more than is there."""


class StakedLeg:
    """Net ETH on chain, and what is still on the spot venue on its way there or back."""

    def __init__(self, context: StrategyContext) -> None:
        self._leg = StakingLeg(context)
        self._station = context.gas
        self._asset = context.run.mode.asset
        self._spot_venue = required(context.run.mode.spot_venue, "spot_venue")
        self._ledger = context.ledger
        self._on_exchange = base_token(self._spot_venue, self._asset)

    def units(self, snapshot: Snapshot) -> FloatArray:
        on_exchange: FloatArray = (
            self._ledger.quantity(self._on_exchange) + snapshot.exposures[self._asset].onchain_delta
        )
        return on_exchange

    def deviation(self, snapshot: Snapshot) -> FloatArray:
        return self._leg.leverage_deviation(snapshot.start, snapshot.stop)

    def plan(self, change: float, hour: int, urgent: bool) -> LegPlan:
        if change > 0.0:
            move = Block("move ETH on chain", (Transfer(self._spot_venue, WALLET, self._asset, change),))
            return LegPlan(change, after=(move, *self._leg.invest(change, hour)))
        if change == 0.0:
            levelled = self._leg.relever(hour)
            return LegPlan(0.0, levelled.lost, before=levelled.blocks)
        wanted = -change - self._leg.wallet - self._leg.state(hour).pending
        way_out = self._leg.leave(wanted, hour, urgent) if wanted > 0.0 else Exit()
        return self._sell(way_out, hour, most=-change)

    def close(self, hour: int) -> LegPlan:
        return self._sell(self._leg.leave_all(hour), hour, most=np.inf)

    def _gas(self, blocks: tuple[Block, ...], hour: int) -> float:
        """ETH that the blocks pay before their proceeds can be moved on."""
        paid = 0.0
        for block in blocks:
            own = [gas_operation(instruction) for instruction in block.instructions]
            operations = own if block.gas_operation is None else [block.gas_operation]
            paid += sum(self._station.cost(operation, hour) for operation in operations if operation is not None)
        return paid

    def _sell(self, way_out: Exit, hour: int, most: float) -> LegPlan:
        """Free ETH, up to ``most``, goes to the spot venue and is sold there; gas owed is paid back first."""
        free = way_out.freed + self._leg.wallet - self._gas(way_out.blocks, hour)
        eth = min(free, most) * (1.0 - ROUNDING)
        if eth <= 0.0:
            return LegPlan(0.0, way_out.lost, before=way_out.blocks)
        move = Block("move ETH to the exchange", (Transfer(WALLET, self._spot_venue, self._asset, eth),))
        return LegPlan(-eth, way_out.lost, before=(*way_out.blocks, move))


class HedgedStakingStrategy(HedgedCarry):
    def __init__(self, context: StrategyContext) -> None:
        super().__init__(context, StakedLeg(context), context.run.mode.allocation["stake"])

    @classmethod
    def open_accounts(cls, run: RunConfig) -> tuple[PositionKey, ...]:
        lst = required(run.mode.lst_token, "lst_type")
        spot_venue = required(run.mode.spot_venue, "spot_venue")
        return (
            *hedge_accounts(run),
            base_token(spot_venue, run.mode.asset),
            *StakingLeg.accounts(lst, run.mode.borrowing_enabled),
            *RewardDesk.accounts(run),
        )
