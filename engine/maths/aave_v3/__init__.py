"""Exact Aave v3 calculators on integers, and the same formulas on floats for the engine.

Exact::

    market = Market(rules_at(day), reserves, emodes, prices, timestamp)
    state = transition(state, market, Supply("alice", "WETH", 10**18, "alice"))
    account = user_account_data(state, market, "alice")

A call the contracts would revert raises ``Refused``.  In floats: ``health_factor``, ``available_borrow``,
``liquidation`` and the growth factors of ``floats``.
"""

from engine.maths.aave_v3.account import AccountData, user_account_data
from engine.maths.aave_v3.actions import (
    MAX_AMOUNT,
    Action,
    Borrow,
    LiquidationCall,
    MintToTreasury,
    Repay,
    RepayWithATokens,
    SetUserEMode,
    SetUserUseReserveAsCollateral,
    Supply,
    TransferAToken,
    Withdraw,
)
from engine.maths.aave_v3.floats import (
    LiquidationAmounts,
    available_borrow,
    balance,
    borrow_growth,
    health_factor,
    liquidation,
    loan_to_value,
    scaled_balance,
    supply_growth,
)
from engine.maths.aave_v3.interest import RateStrategy, interest_rates, linear_interest
from engine.maths.aave_v3.market import EModeCategory, Market, ReserveConfig, lst_price
from engine.maths.aave_v3.pool import Receipt, empty_pool, execute, transition
from engine.maths.aave_v3.refusals import Refusal, Refused
from engine.maths.aave_v3.rules import ALL_RULES, RULES_3_0, RULES_3_6, Rules, rules_at, rules_of
from engine.maths.aave_v3.state import PoolState, ReserveState, UserState
from engine.maths.aave_v3.transaction import Event

__all__ = [
    "ALL_RULES",
    "MAX_AMOUNT",
    "RULES_3_0",
    "RULES_3_6",
    "AccountData",
    "Action",
    "Borrow",
    "EModeCategory",
    "Event",
    "LiquidationAmounts",
    "LiquidationCall",
    "Market",
    "MintToTreasury",
    "PoolState",
    "RateStrategy",
    "Receipt",
    "Refusal",
    "Refused",
    "Repay",
    "RepayWithATokens",
    "ReserveConfig",
    "ReserveState",
    "Rules",
    "SetUserEMode",
    "SetUserUseReserveAsCollateral",
    "Supply",
    "TransferAToken",
    "UserState",
    "Withdraw",
    "available_borrow",
    "balance",
    "borrow_growth",
    "empty_pool",
    "execute",
    "health_factor",
    "interest_rates",
    "linear_interest",
    "liquidation",
    "loan_to_value",
    "lst_price",
    "rules_at",
    "rules_of",
    "scaled_balance",
    "supply_growth",
    "transition",
    "user_account_data",
]
