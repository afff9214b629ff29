"""Borrowing, repaying and e-mode, as the contracts order their steps.

Sources: ``BorrowLogic.sol`` and ``ValidationLogic.sol`` of both versions, ``EModeLogic.sol`` (3.0),
``SupplyLogic.executeSetUserEMode`` (3.6).
"""

from __future__ import annotations

from dataclasses import replace

from engine.maths.aave_v3.account import LIQUIDATION_HEALTH_FACTOR, require_healthy
from engine.maths.aave_v3.actions import MAX_AMOUNT, Borrow, Repay, RepayWithATokens, SetUserEMode
from engine.maths.aave_v3.ray import percent_div, percent_div_ceil
from engine.maths.aave_v3.refusals import Refusal
from engine.maths.aave_v3.reserve import total_supply
from engine.maths.aave_v3.transaction import Event, Transaction


def borrow(tx: Transaction, action: Borrow) -> None:
    """``Pool.borrow`` at the variable rate: 3.0 looks at the account before the loan, 3.6 after it."""
    asset, debtor = action.asset, action.debtor
    tx.update_state(asset)
    index = tx.debt_index(asset)
    scaled = tx.tokens.debt_minted(action.amount, index)
    if (scaled if tx.rules.settles_scaled else action.amount) == 0:
        raise tx.rules.refused(Refusal.INVALID_AMOUNT)
    _require_borrowable(tx, asset, debtor)
    if tx.rules.checks_after_borrow:
        in_existence = total_supply(tx.reserves[asset], tx.market.timestamp, tx.rules)
        if in_existence < tx.tokens.debt_balance(scaled, index):
            raise tx.rules.refused(Refusal.INVALID_AMOUNT)
    else:
        _require_cover_before(tx, action)
    if action.user != debtor:
        raise tx.rules.refused(Refusal.INSUFFICIENT_BORROW_ALLOWANCE)
    first = tx.mint_debt(debtor, asset, scaled)
    # 3.0 sets the flag with the first debt only, later versions whenever it is missing
    if first or tx.rules.settles_scaled:
        tx.flag_borrowing(debtor, asset, on=True)
    tx.update_rates(asset, taken=action.amount)
    tx.push(action.user, asset, action.amount)
    if tx.rules.checks_after_borrow:
        _require_cover_after(tx, debtor)


def repay(tx: Transaction, action: Repay) -> None:
    """``Pool.repay``: never more than is owed; everything only for oneself."""
    asset, debtor = action.asset, action.debtor
    tx.update_state(asset)
    owed = tx.debt_balance(debtor, asset)
    _require_payable(tx, action.amount, action.user, debtor, owed)
    paid = min(action.amount, owed)
    _burn_debt(tx, debtor, asset, paid, owed, added=paid)
    tx.pull(action.user, asset, paid)
    tx.record(Event("Repay", asset, paid))


def repay_with_atokens(tx: Transaction, action: RepayWithATokens) -> None:
    """``Pool.repayWithATokens``: supply cancels debt; 3.6 then wants the account healthy."""
    name, asset = action.user, action.asset
    tx.update_state(asset)
    owed = tx.debt_balance(name, asset)
    _require_payable(tx, action.amount, name, name, owed)
    offered = tx.supply_balance(name, asset) if action.amount == MAX_AMOUNT else action.amount
    paid = min(offered, owed)
    _burn_debt(tx, name, asset, paid, owed, added=0)
    emptied = tx.burn_supply(name, asset, tx.tokens.supply_burnt(paid, tx.income_index(asset)))
    if tx.rules.settles_scaled and asset in tx.user(name).collateral:
        if emptied:
            tx.flag_collateral(name, asset, on=False)
        if tx.user(name).borrowing:
            require_healthy(tx.market, tx.account(name))
    tx.record(Event("Repay", asset, paid))


def set_user_emode(tx: Transaction, action: SetUserEMode) -> None:
    """``Pool.setUserEMode``: debts (and since liquid e-modes collateral) have to fit the category."""
    user = tx.user(action.user)
    if tx.rules.liquid_emode and user.emode == action.category:
        return
    _require_emode_fits(tx, action)
    tx.users[action.user] = replace(user, emode=action.category)
    if tx.rules.liquid_emode or user.emode != 0:
        require_healthy(tx.market, tx.account(action.user))


def _require_borrowable(tx: Transaction, asset: str, debtor: str) -> None:
    emode = tx.user(debtor).emode
    # a liquid e-mode has its own list; before, both switches had to be on
    if not tx.config(asset).borrowing_enabled and not (tx.rules.liquid_emode and emode):
        raise tx.rules.refused(Refusal.BORROWING_NOT_ENABLED)
    if emode and asset not in tx.market.emodes[emode].borrowable:
        raise tx.rules.refused(Refusal.NOT_BORROWABLE_IN_EMODE)


def _require_cover_before(tx: Transaction, action: Borrow) -> None:
    """``ValidationLogic.validateBorrow`` of 3.0."""
    account = tx.account(action.debtor)
    if account.collateral_base == 0:
        raise tx.rules.refused(Refusal.COLLATERAL_BALANCE_IS_ZERO)
    if account.ltv == 0:
        raise tx.rules.refused(Refusal.LTV_VALIDATION_FAILED)
    if account.health_factor <= LIQUIDATION_HEALTH_FACTOR:
        raise tx.rules.refused(Refusal.HEALTH_FACTOR_LOWER_THAN_LIQUIDATION_THRESHOLD)
    loan = tx.market.prices[action.asset] * action.amount // tx.config(action.asset).unit
    if percent_div(account.debt_base + loan, account.ltv) > account.collateral_base:
        raise tx.rules.refused(Refusal.COLLATERAL_CANNOT_COVER_NEW_BORROW)


def _require_cover_after(tx: Transaction, debtor: str) -> None:
    """``ValidationLogic.validateHFAndLtv`` of 3.6."""
    account = tx.account(debtor)
    if account.ltv == 0:
        raise tx.rules.refused(Refusal.LTV_VALIDATION_FAILED)
    require_healthy(tx.market, account)
    if account.collateral_base < percent_div_ceil(account.debt_base, account.ltv):
        raise tx.rules.refused(Refusal.COLLATERAL_CANNOT_COVER_NEW_BORROW)


def _require_payable(tx: Transaction, amount: int, payer: str, debtor: str, owed: int) -> None:
    if amount == 0:
        raise tx.rules.refused(Refusal.INVALID_AMOUNT)
    if amount == MAX_AMOUNT and payer != debtor:
        raise tx.rules.refused(Refusal.NO_EXPLICIT_AMOUNT_TO_REPAY_ON_BEHALF)
    if owed == 0:
        raise tx.rules.refused(Refusal.NO_DEBT_OF_SELECTED_TYPE)


def _burn_debt(tx: Transaction, debtor: str, asset: str, paid: int, owed: int, *, added: int) -> None:
    gone = tx.burn_debt(debtor, asset, tx.tokens.debt_burnt(paid, tx.debt_index(asset)))
    tx.update_rates(asset, added=added)
    if gone if tx.rules.settles_scaled else paid == owed:
        tx.flag_borrowing(debtor, asset, on=False)


def _require_emode_fits(tx: Transaction, action: SetUserEMode) -> None:
    """``ValidationLogic.validateSetUserEMode``."""
    user, category = tx.user(action.user), action.category
    if category and category not in tx.market.emodes:
        raise tx.rules.refused(Refusal.INCONSISTENT_EMODE_CATEGORY)
    for asset in tx.market.reserves:
        if asset in user.borrowing:
            if category:
                fits = asset in tx.market.emodes[category].borrowable
            else:
                fits = tx.config(asset).borrowing_enabled or not tx.rules.liquid_emode
            if not fits:
                raise tx.rules.refused(Refusal.INVALID_DEBT_IN_EMODE)
        if tx.rules.liquid_emode and asset in user.collateral and tx.market.collateral_ltv(asset, category) == 0:
            raise tx.rules.refused(Refusal.INVALID_COLLATERAL_IN_EMODE)
