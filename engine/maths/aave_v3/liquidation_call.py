"""``Pool.liquidationCall`` under both rule sets, as the contracts order its steps.

Source: ``LiquidationLogic.sol`` and ``ValidationLogic.validateLiquidationCall`` of aave-v3-core 1.19.3 and
aave-v3-origin 3.6.0.
"""

from __future__ import annotations

from dataclasses import replace

from engine.maths.aave_v3.account import LIQUIDATION_HEALTH_FACTOR, AccountData
from engine.maths.aave_v3.actions import LiquidationCall
from engine.maths.aave_v3.liquidation import Leg, Seizure, leaves_dust, max_liquidatable_debt, seize
from engine.maths.aave_v3.refusals import Refusal
from engine.maths.aave_v3.reserve import treasury_share
from engine.maths.aave_v3.supply import use_as_collateral_if_possible
from engine.maths.aave_v3.transaction import Event, Transaction


def liquidation_call(tx: Transaction, action: LiquidationCall) -> None:
    """Repay part of an unhealthy account's debt against its collateral; book bad debt where the rules do."""
    _update_reserves(tx, action)
    account = tx.account(action.borrower)
    debt = _leg(tx, action.debt_asset, tx.debt_balance(action.borrower, action.debt_asset))
    collateral = _leg(tx, action.collateral_asset, tx.supply_balance(action.borrower, action.collateral_asset))
    _validate(tx, action, account, debt)
    seizure = _seizure(tx, action, account, debt, collateral)
    if tx.rules.books_deficit and leaves_dust(seizure, debt, collateral):
        raise tx.rules.refused(Refusal.MUST_NOT_LEAVE_DUST)
    if seizure.collateral_total == collateral.balance:
        tx.flag_collateral(action.borrower, action.collateral_asset, on=False)
    bankrupt = tx.rules.books_deficit and account.collateral_base == seizure.collateral_base
    _repay_debt(tx, action.borrower, action.debt_asset, debt.balance, seizure.debt, write_off=bankrupt)
    _hand_over_collateral(tx, action, seizure)
    _pay_protocol_fee(tx, action, seizure)
    if bankrupt:
        _write_off_other_debts(tx, action.borrower)
    tx.pull(action.liquidator, action.debt_asset, seizure.debt)
    tx.record(Event("LiquidationCall", action.debt_asset, seizure.debt, action.collateral_asset, seizure.collateral))


def _update_reserves(tx: Transaction, action: LiquidationCall) -> None:
    before = tx.reserves[action.debt_asset]
    tx.update_state(action.debt_asset)
    if not tx.rules.books_deficit:
        return
    if action.collateral_asset != action.debt_asset:
        tx.update_state(action.collateral_asset)
    elif before.last_update != tx.market.timestamp:
        # both caches are read before either is written, so the treasury's share is booked a second time
        after = tx.reserves[action.debt_asset]
        share = treasury_share(before, after, tx.config(action.debt_asset), tx.rules)
        tx.reserves[action.debt_asset] = replace(after, accrued_to_treasury=after.accrued_to_treasury + share)


def _leg(tx: Transaction, asset: str, balance: int) -> Leg:
    return Leg(balance, tx.market.prices[asset], tx.config(asset).unit)


def _validate(tx: Transaction, action: LiquidationCall, account: AccountData, debt: Leg) -> None:
    if tx.rules.books_deficit and action.borrower == action.liquidator:
        raise tx.rules.refused(Refusal.SELF_LIQUIDATION)
    if account.health_factor >= LIQUIDATION_HEALTH_FACTOR:
        raise tx.rules.refused(Refusal.HEALTH_FACTOR_NOT_BELOW_THRESHOLD)
    pledged = action.collateral_asset in tx.user(action.borrower).collateral
    if not tx.rules.liquid_emode:
        pledged = pledged and tx.config(action.collateral_asset).liquidation_threshold != 0
    if not pledged:
        raise tx.rules.refused(Refusal.COLLATERAL_CANNOT_BE_LIQUIDATED)
    if debt.balance == 0:
        raise tx.rules.refused(Refusal.SPECIFIED_CURRENCY_NOT_BORROWED_BY_USER)


def _seizure(tx: Transaction, action: LiquidationCall, account: AccountData, debt: Leg, collateral: Leg) -> Seizure:
    limit = max_liquidatable_debt(tx.rules, debt, collateral, account.debt_base, account.health_factor)
    bonus = tx.market.collateral_bonus(action.collateral_asset, tx.user(action.borrower).emode)
    fee = tx.config(action.collateral_asset).liquidation_protocol_fee
    return seize(tx.rules, min(action.debt_to_cover, limit), debt, collateral, bonus, fee)


def _repay_debt(tx: Transaction, borrower: str, asset: str, owed: int, repaid: int, *, write_off: bool) -> None:
    """Burn the debt repaid; with ``write_off`` all of it, the rest becoming the reserve's deficit."""
    burnt = owed if write_off else repaid
    gone = owed == 0 or tx.burn_debt(borrower, asset, tx.tokens.debt_burnt(burnt, tx.debt_index(asset)))
    outstanding = owed - repaid
    if write_off and outstanding:
        reserve = tx.reserves[asset]
        tx.reserves[asset] = replace(reserve, deficit=reserve.deficit + outstanding)
        tx.record(Event("DeficitCreated", asset, outstanding))
    if gone if tx.rules.settles_scaled else outstanding == 0:
        tx.flag_borrowing(borrower, asset, on=False)
    tx.update_rates(asset, added=repaid)


def _hand_over_collateral(tx: Transaction, action: LiquidationCall, seizure: Seizure) -> None:
    asset, borrower, liquidator = action.collateral_asset, action.borrower, action.liquidator
    if not action.receive_atoken:
        tx.update_state(asset)
        tx.update_rates(asset, taken=seizure.collateral)
        tx.burn_supply(borrower, asset, tx.tokens.supply_burnt(seizure.collateral, tx.income_index(asset)))
        tx.push(liquidator, asset, seizure.collateral)
        return
    held_before = tx.supply_balance(liquidator, asset)
    tx.move_supply(borrower, liquidator, asset, tx.tokens.supply_moved(seizure.collateral, tx.income_index(asset)))
    if tx.rules.received_supply_becomes_collateral and held_before == 0:
        use_as_collateral_if_possible(tx, liquidator, asset)


def _pay_protocol_fee(tx: Transaction, action: LiquidationCall, seizure: Seizure) -> None:
    if seizure.protocol_fee == 0:
        return
    asset = action.collateral_asset
    scaled = tx.tokens.supply_moved(seizure.protocol_fee, tx.income_index(asset))
    # rounding may ask for a unit more than the borrower has left
    scaled = min(scaled, tx.user(action.borrower).supplied(asset))
    tx.move_supply(action.borrower, tx.market.treasury, asset, scaled)


def _write_off_other_debts(tx: Transaction, borrower: str) -> None:
    for asset in tx.market.reserves:
        if asset in tx.user(borrower).borrowing:
            tx.update_state(asset)
            _repay_debt(tx, borrower, asset, tx.debt_balance(borrower, asset), 0, write_off=True)
