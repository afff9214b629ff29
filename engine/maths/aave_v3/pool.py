"""The pool as a state machine: ``transition(state, market, action) → state``, or a refusal.

Source: ``Pool.sol`` of aave-v3-core 1.19.3 and aave-v3-origin 3.6.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.maths.aave_v3 import actions
from engine.maths.aave_v3.actions import Action
from engine.maths.aave_v3.borrow import borrow, repay, repay_with_atokens, set_user_emode
from engine.maths.aave_v3.liquidation_call import liquidation_call
from engine.maths.aave_v3.market import Market
from engine.maths.aave_v3.state import PoolState, ReserveState
from engine.maths.aave_v3.supply import mint_to_treasury, set_use_as_collateral, supply, transfer_atoken, withdraw
from engine.maths.aave_v3.transaction import Event, Transaction

CALLS: Mapping[type, Callable[[Transaction, Any], None]] = {
    actions.Supply: supply,
    actions.Withdraw: withdraw,
    actions.Borrow: borrow,
    actions.Repay: repay,
    actions.RepayWithATokens: repay_with_atokens,
    actions.TransferAToken: transfer_atoken,
    actions.SetUserEMode: set_user_emode,
    actions.SetUserUseReserveAsCollateral: set_use_as_collateral,
    actions.MintToTreasury: mint_to_treasury,
    actions.LiquidationCall: liquidation_call,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """The state after a call and what it did."""

    state: PoolState
    events: tuple[Event, ...]


def empty_pool(market: Market) -> PoolState:
    """A pool nobody has used: every reserve of the market at index one."""
    return PoolState({asset: ReserveState() for asset in market.reserves})


def execute(state: PoolState, market: Market, action: Action) -> Receipt:
    """Carry out one call at the market's clock and prices.

    Raises:
        Refused: the contracts would revert; ``state`` stays valid.
    """
    transaction = Transaction(state, market)
    CALLS[type(action)](transaction, action)
    return Receipt(transaction.commit(), tuple(transaction.events))


def transition(state: PoolState, market: Market, action: Action) -> PoolState:
    """The state after one call, without its events.

    Raises:
        Refused: the contracts would revert; ``state`` stays valid.
    """
    return execute(state, market, action).state
