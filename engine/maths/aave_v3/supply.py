"""Supplying, withdrawing, moving and pledging, as the contracts order their steps.

Sources: ``SupplyLogic.sol``, ``ValidationLogic.sol``, ``PoolLogic.executeMintToTreasury`` of both versions.
"""

from __future__ import annotations

from dataclasses import replace

from engine.maths.aave_v3.account import require_healthy_after_leaving
from engine.maths.aave_v3.actions import (
    MAX_AMOUNT,
    MintToTreasury,
    SetUserUseReserveAsCollateral,
    Supply,
    TransferAToken,
    Withdraw,
)
from engine.maths.aave_v3.refusals import Refusal
from engine.maths.aave_v3.transaction import Event, Transaction


def supply(tx: Transaction, action: Supply) -> None:
    """``Pool.supply``: the first supply of an asset becomes collateral if it has an LTV."""
    asset = action.asset
    tx.update_state(asset)
    scaled = tx.tokens.supply_minted(action.amount, tx.income_index(asset))
    if (scaled if tx.rules.settles_scaled else action.amount) == 0:
        raise tx.rules.refused(Refusal.INVALID_AMOUNT)
    tx.update_rates(asset, added=action.amount)
    tx.pull(action.user, asset, action.amount)
    if tx.mint_supply(action.beneficiary, asset, scaled):
        use_as_collateral_if_possible(tx, action.beneficiary, asset)


def withdraw(tx: Transaction, action: Withdraw) -> None:
    """``Pool.withdraw``: an indebted account has to stay healthy without what it takes."""
    name, asset = action.user, action.asset
    tx.update_state(asset)
    index = tx.income_index(asset)
    held, balance = tx.user(name).supplied(asset), tx.supply_balance(name, asset)
    everything = action.amount == MAX_AMOUNT
    amount = balance if everything else action.amount
    if tx.rules.settles_scaled:
        scaled = held if everything else tx.tokens.supply_burnt(amount, index)
        asked, there = scaled, held
    else:
        scaled = tx.tokens.supply_burnt(amount, index)
        asked, there = amount, balance
    if asked == 0:
        raise tx.rules.refused(Refusal.INVALID_AMOUNT)
    if asked > there:
        raise tx.rules.refused(Refusal.NOT_ENOUGH_AVAILABLE_USER_BALANCE)
    tx.update_rates(asset, taken=amount)
    tx.burn_supply(name, asset, scaled)
    tx.push(action.recipient, asset, amount)
    _leave(tx, name, asset, emptied=asked == there)
    tx.record(Event("Withdraw", asset, amount))


def transfer_atoken(tx: Transaction, action: TransferAToken) -> None:
    """``AToken.transfer``: supply changes hands at the current index; no reserve is updated."""
    sender, recipient, asset = action.user, action.recipient, action.asset
    balance_before, received_before = tx.supply_balance(sender, asset), tx.supply_balance(recipient, asset)
    scaled_before = tx.user(sender).supplied(asset)
    scaled = tx.tokens.supply_moved(action.amount, tx.income_index(asset))
    tx.move_supply(sender, recipient, asset, scaled)
    moved = scaled if tx.rules.settles_scaled else action.amount
    if sender == recipient or moved == 0:
        return
    if tx.rules.settles_scaled:
        _leave(tx, sender, asset, emptied=scaled == scaled_before)
        return
    # 3.0 checks health while the flag of an emptied supply is still set
    _leave(tx, sender, asset, emptied=False)
    if action.amount == balance_before:
        tx.flag_collateral(sender, asset, on=False)
    if received_before == 0:
        use_as_collateral_if_possible(tx, recipient, asset)


def set_use_as_collateral(tx: Transaction, action: SetUserUseReserveAsCollateral) -> None:
    """``Pool.setUserUseReserveAsCollateral``."""
    name, asset = action.user, action.asset
    user = tx.user(name)
    if not tx.rules.settles_scaled and tx.supply_balance(name, asset) == 0:
        raise tx.rules.refused(Refusal.UNDERLYING_BALANCE_ZERO)
    if action.enabled == (asset in user.collateral):
        return
    if not action.enabled:
        tx.flag_collateral(name, asset, on=False)
        require_healthy_after_leaving(tx.market, tx.account(name), asset, user.emode)
        return
    if user.supplied(asset) == 0:
        raise tx.rules.refused(Refusal.UNDERLYING_BALANCE_ZERO)
    if tx.market.collateral_ltv(asset, user.emode) == 0:
        raise tx.rules.refused(Refusal.USER_IN_ISOLATION_MODE_OR_LTV_ZERO)
    tx.flag_collateral(name, asset, on=True)


def mint_to_treasury(tx: Transaction, action: MintToTreasury) -> None:
    """``Pool.mintToTreasury``: accrued units become supply; indices stay."""
    for asset in action.assets:
        reserve = tx.reserves[asset]
        if reserve.accrued_to_treasury == 0:
            continue
        tx.reserves[asset] = replace(reserve, accrued_to_treasury=0)
        # 3.0 goes through token units and back, which an index of at least one returns unchanged
        tx.mint_supply(tx.market.treasury, asset, reserve.accrued_to_treasury)


def use_as_collateral_if_possible(tx: Transaction, name: str, asset: str) -> None:
    """Switch an account's first supply on as collateral where it has an LTV."""
    if tx.market.collateral_ltv(asset, tx.user(name).emode) != 0:
        tx.flag_collateral(name, asset, on=True)


def _leave(tx: Transaction, name: str, asset: str, *, emptied: bool) -> None:
    """Collateral went: drop the flag of an emptied supply, then the account has to be healthy if it owes."""
    if asset not in tx.user(name).collateral:
        return
    if emptied:
        tx.flag_collateral(name, asset, on=False)
    if tx.user(name).borrowing:
        require_healthy_after_leaving(tx.market, tx.account(name), asset, tx.user(name).emode)
