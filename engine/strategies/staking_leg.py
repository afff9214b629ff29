"""The on-chain leg of a staking mode: ETH in an LST, levered in WETH where the mode borrows.

State in ETH at Aave's oracle rate: free LST, collateral ``C``, debt ``D``; net ``S = C − D + free``.  A levered leg
stands at LTV ``λ``: ``C = S / (1 − λ)``, ``D = S · λ / (1 − λ)``, reached in one flash-loan bundle
(see ``engine.maths.leverage``).

A levered leg leaves through a flash loan and the DEX, a free one by ``engine.strategies.lst_exit``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.instructions import (
    Block,
    Borrow,
    ContractCall,
    FlashBorrow,
    FlashRepay,
    LendSupply,
    LendWithdraw,
    Repay,
    Stake,
    Swap,
)
from engine.market import FloatArray
from engine.maths.leverage import flash_loan_to_delever, flash_loan_to_lever, supply_over_equity
from engine.positions import LST_ISSUERS, WALLET_ETH, PositionKey, a_token, debt_token, pending_claim, wallet_key
from engine.strategies.base import StrategyContext, required
from engine.strategies.lst_exit import SAFE_SIDE, Exit, LstExit

POOL = "aave_v3"
ENTRY, EXIT = "ATOMIC_ENTRY", "ATOMIC_DELEVERAGE_ONE_SWAP"
PREPARATIONS = ("APPROVAL_ONCE", "SET_EMODE_ONCE")
NEGLIGIBLE = 1e-3
"""Distance of the collateral from its target, over the net ETH at work, that is not worth the gas of a bundle."""


@dataclass(frozen=True, slots=True)
class LegState:
    """ETH at the oracle rate at one hour; ``pending`` is owed by the issuer."""

    free: float
    collateral: float
    debt: float
    pending: float

    @property
    def staked(self) -> float:
        """Net ETH at work: free and supplied LST less the debt."""
        return self.free + self.collateral - self.debt


class StakingLeg:
    def __init__(self, context: StrategyContext) -> None:
        mode, panel = context.run.mode, context.panel
        self.lst = required(mode.lst_token, "lst_type")
        self.ltv = mode.target_ltv
        self._context = context
        self._ledger = context.ledger
        self._exit = LstExit(context, self.lst)
        self._market = panel.market_rate[self.lst]
        self._peg_warning = required(mode.peg_thresholds, "peg_thresholds").warning
        self._rate = panel.oracle_rate[self.lst]
        self._free = wallet_key(self.lst)
        self._claim = pending_claim(self.lst)
        self._flash = next(iter(context.flash_loans.items()), None)
        if self.ltv is not None:
            self._supplied, self._borrowed = a_token(self.lst), debt_token("WETH")
            self._collateral_unit = panel.liquidity_index[self.lst] * self._rate
            self._debt_unit = panel.borrow_index["WETH"]

    @staticmethod
    def accounts(lst: str, levered: bool) -> tuple[PositionKey, ...]:
        loop = (a_token(lst), debt_token("WETH")) if levered else ()
        return (wallet_key(lst), pending_claim(lst), *loop)

    def state(self, hour: int) -> LegState:
        quantity, rate = self._ledger.quantity, float(self._rate[hour])
        collateral = debt = 0.0
        if self.ltv is not None:
            collateral = quantity(self._supplied) * float(self._collateral_unit[hour])
            debt = quantity(self._borrowed) * float(self._debt_unit[hour])
        return LegState(quantity(self._free) * rate, collateral, debt, quantity(self._claim))

    def leverage_deviation(self, start: int, stop: int) -> FloatArray:
        """(hours,) distance of the collateral from its target over the net ETH at work; 0 without leverage."""
        if self.ltv is None:
            return np.zeros(stop - start)
        hours = slice(start, stop)
        collateral = self._ledger.quantity(self._supplied) * self._collateral_unit[hours]
        net = collateral - self._ledger.quantity(self._borrowed) * self._debt_unit[hours]
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.abs(collateral / net - supply_over_equity(self.ltv))
        return np.where(collateral > 0.0, distance, 0.0)

    # --- in ---------------------------------------------------------------------------------------------------

    def gas_to_invest(self, hour: int) -> float:
        """ETH of gas that investing costs now."""
        gas = self._context.gas
        if self.ltv is None:
            return gas.cost("CREATE_LST", hour)
        first = sum(gas.cost(operation, hour) for operation in PREPARATIONS) if self._is_first() else 0.0
        return gas.cost(ENTRY, hour) + first

    def invest(self, eth: float, hour: int) -> tuple[Block, ...]:
        """Put ``eth`` of the wallet to work: staked, and levered to the target in the same bundle.

        Below zero, the bundle borrows that much more and leaves it in the wallet, for its gas.
        """
        rate = float(self._rate[hour])
        if self.ltv is None:
            return (Block("stake", (Stake(LST_ISSUERS[self.lst], self.lst, eth, eth / rate),)),)
        state = self.state(hour)
        venue, flash = required(self._flash, "a flash-loan venue")
        loan = flash_loan_to_lever(state.collateral, state.debt, eth, self.ltv, flash.fee_rate(hour))
        if loan <= 0.0:
            minted = eth / rate
            legs = (Stake(LST_ISSUERS[self.lst], self.lst, eth, minted), LendSupply(POOL, self.lst, minted))
            return (*self._prepare(), Block("supply collateral", legs, ENTRY))
        minted, fee = (eth + loan) / rate, flash.fee(loan, hour)
        bundle = Block(
            "lever up",
            (
                FlashBorrow(venue, loan),
                Stake(LST_ISSUERS[self.lst], self.lst, eth + loan, minted),
                LendSupply(POOL, self.lst, minted),
                Borrow(POOL, "WETH", loan + fee),
                FlashRepay(venue, loan, fee),
            ),
            ENTRY,
        )
        return (*self._prepare(), bundle)

    def gas_to_leave(self, hour: int) -> float:
        """ETH of gas that leaving costs now, by whichever route."""
        gas = self._context.gas
        if self.ltv is None:
            return max(gas.cost("REDEEM_LST", hour), gas.cost("TOKEN_SWAP", hour))
        return gas.cost(EXIT, hour)

    def relever(self, hour: int, urgent: bool = False) -> Exit:
        """Back to the target LTV with what is there, up or down; nothing where it stands there.

        An urgent step only reduces; one that is not sells nothing while the peg is past its warning level.
        """
        if self.ltv is None or float(self.leverage_deviation(hour, hour + 1)[0]) <= NEGLIGIBLE:
            return Exit()
        state = self.state(hour)
        _, flash = required(self._flash, "a flash-loan venue")
        if flash_loan_to_lever(state.collateral, state.debt, 0.0, self.ltv, flash.fee_rate(hour)) > 0.0:
            return Exit() if urgent else Exit(self.invest(-self._exit.gas_shortage(ENTRY, hour), hour))
        if self.is_dislocated(hour) and not urgent:
            return Exit()
        return self._delever(self._exit.gas_shortage(EXIT, hour), hour)

    def is_dislocated(self, hour: int) -> bool:
        """Is the market rate so far under the oracle rate that a target alone is no reason to sell?"""
        return float(self._market[hour] / self._rate[hour]) < self._peg_warning

    def _is_first(self) -> bool:
        return self._ledger.quantity(self._supplied) == 0.0

    def _prepare(self) -> tuple[Block, ...]:
        if not self._is_first():
            return ()
        return (Block("prepare", tuple(ContractCall(POOL, operation) for operation in PREPARATIONS)),)

    # --- out --------------------------------------------------------------------------------------------------

    def leave(self, eth: float, hour: int, urgent: bool) -> Exit:
        """Free ``eth`` for the wallet, now or after the queue, by the route the rule prefers."""
        if self.ltv is not None:
            return self._delever(eth, hour)
        return self._exit.leave(eth, hour, urgent)

    def leave_all(self, hour: int) -> Exit:
        """Everything back to ETH in the wallet, at once."""
        state = self.state(hour)
        blocks: list[Block] = []
        lost = 0.0
        if state.collateral > 0.0:
            blocks.append(self._unwind(state, hour))
            _, flash = required(self._flash, "a flash-loan venue")
            lost = state.collateral * self._exit.conversion_loss(state.collateral, hour) + flash.fee(state.debt, hour)
        free = self._ledger.quantity(self._free)
        if free > 0.0:
            blocks.append(Block("swap", (Swap("dex", self.lst, free),)))
            lost += state.free * self._exit.conversion_loss(state.free, hour)
        return Exit(tuple(blocks), state.staked - lost, lost)

    def _unwind(self, state: LegState, hour: int) -> Block:
        """All collateral sold; a flash loan repays the debt where a liquidation has left any."""
        supplied = self._ledger.quantity(self._supplied) * float(self._context.panel.liquidity_index[self.lst][hour])
        out = (LendWithdraw(POOL, self.lst, supplied), Swap("dex", self.lst, supplied))
        if state.debt <= 0.0:
            return Block("unwind", out, EXIT)
        venue, flash = required(self._flash, "a flash-loan venue")
        fee = flash.fee(state.debt, hour)
        legs = (FlashBorrow(venue, state.debt), Repay(POOL, "WETH", state.debt), *out)
        return Block("unwind", (*legs, FlashRepay(venue, state.debt, fee)), EXIT)

    def _delever(self, eth: float, hour: int) -> Exit:
        """Repay, withdraw, sell and repay the flash loan, freeing ``eth`` and landing on the target LTV."""
        state = self.state(hour)
        venue, flash = required(self._flash, "a flash-loan venue")
        ltv, fee_rate = required(self.ltv, "target_ltv"), flash.fee_rate(hour)
        loss, larger = -1.0, self._exit.conversion_loss(eth, hour)
        while larger > loss:  # the size bucket follows from what is sold
            loss = larger
            repaid, sold = flash_loan_to_delever(state.collateral, state.debt, eth, ltv, fee_rate, loss)
            larger = self._exit.conversion_loss(sold, hour)
        quantity = sold * SAFE_SIDE / float(self._rate[hour])
        if sold >= state.collateral:
            return self.leave_all(hour)
        legs = (
            FlashBorrow(venue, repaid),
            Repay(POOL, "WETH", repaid),
            LendWithdraw(POOL, self.lst, quantity),
            Swap("dex", self.lst, quantity),
            FlashRepay(venue, repaid, flash.fee(repaid, hour)),
        )
        return Exit((Block("deleverage", legs, EXIT),), eth, sold * loss + flash.fee(repaid, hour))

    @property
    def wallet(self) -> float:
        """ETH in the wallet; below zero it is gas debt."""
        return self._ledger.quantity(WALLET_ETH)
