"""An account across its reserves: values, limits and the health factor.

Source: ``GenericLogic.calculateUserAccountData`` and ``calculateAvailableBorrows`` of both versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.maths.aave_v3.market import Market
from engine.maths.aave_v3.ray import BPS, MAX_UINT256, WAD, percent_mul, percent_mul_floor, wad_div
from engine.maths.aave_v3.refusals import Refusal
from engine.maths.aave_v3.reserve import normalized_debt, normalized_income
from engine.maths.aave_v3.state import PoolState, ReserveState, UserState

LIQUIDATION_HEALTH_FACTOR = WAD


@dataclass(frozen=True, slots=True)
class AccountData:
    """``getUserAccountData``: base-currency values (8 decimals), weighted basis points, health factor (wad)."""

    collateral_base: int
    debt_base: int
    available_borrows_base: int
    liquidation_threshold: int
    ltv: int
    health_factor: int
    has_zero_ltv_collateral: bool


NO_POSITION = AccountData(0, 0, 0, 0, 0, MAX_UINT256, False)


def supply_value(market: Market, reserve: ReserveState, user: UserState, asset: str) -> int:
    """Base-currency value of an account's supply of ``asset``, rounded down."""
    balance = market.rules.tokens.supply_balance(user.supplied(asset), normalized_income(reserve, market.timestamp))
    return balance * market.prices[asset] // market.reserves[asset].unit


def debt_value(market: Market, reserve: ReserveState, user: UserState, asset: str) -> int:
    """Base-currency value of an account's debt in ``asset``, rounded as the rules say."""
    index = normalized_debt(reserve, market.timestamp, market.rules)
    balance = market.rules.tokens.debt_balance(user.owed(asset), index)
    return market.rules.tokens.debt_value(balance, market.prices[asset], market.reserves[asset].unit)


def account_data(market: Market, reserves: Mapping[str, ReserveState], user: UserState) -> AccountData:
    """The account's data at the market's clock and prices, with the parameters of its e-mode category."""
    if not user.collateral and not user.borrowing:
        return NO_POSITION
    rules = market.rules
    collateral = weighted_ltv = weighted_threshold = debt = 0
    has_zero_ltv = False
    for asset in market.reserves:
        # 3.0 leaves out collateral whose reserve has no threshold; later versions weigh it with zero
        counts = rules.liquid_emode or market.reserves[asset].liquidation_threshold != 0
        if asset in user.collateral and counts:
            value = supply_value(market, reserves[asset], user, asset)
            ltv = market.collateral_ltv(asset, user.emode)
            collateral += value
            weighted_ltv += value * ltv
            weighted_threshold += value * market.collateral_threshold(asset, user.emode)
            has_zero_ltv = has_zero_ltv or ltv == 0
        if asset in user.borrowing:
            debt += debt_value(market, reserves[asset], user, asset)
    ltv = weighted_ltv // collateral if collateral else 0
    threshold = weighted_threshold // collateral if collateral else 0
    return AccountData(
        collateral_base=collateral,
        debt_base=debt,
        available_borrows_base=_available_borrows(market, collateral, debt, ltv),
        liquidation_threshold=threshold,
        ltv=ltv,
        health_factor=_health_factor(market, collateral, threshold, weighted_threshold, debt),
        has_zero_ltv_collateral=has_zero_ltv,
    )


def user_account_data(state: PoolState, market: Market, user: str) -> AccountData:
    """``Pool.getUserAccountData`` of the account named ``user``."""
    return account_data(market, state.reserves, state.user(user))


def require_healthy(market: Market, account: AccountData) -> None:
    """Refuse an account whose health factor is below one (``ValidationLogic.validateHealthFactor``).

    Raises:
        Refused: HEALTH_FACTOR_LOWER_THAN_LIQUIDATION_THRESHOLD.
    """
    if account.health_factor < LIQUIDATION_HEALTH_FACTOR:
        raise market.rules.refused(Refusal.HEALTH_FACTOR_LOWER_THAN_LIQUIDATION_THRESHOLD)


def require_healthy_after_leaving(market: Market, account: AccountData, asset: str, emode: int) -> None:
    """After collateral in ``asset`` left: healthy, and collateral without LTV has to leave first.

    Source: ``validateHFAndLtv`` (3.0), ``validateHFAndLtvzero`` (3.6).

    Raises:
        Refused: HEALTH_FACTOR_LOWER_THAN_LIQUIDATION_THRESHOLD or LTV_VALIDATION_FAILED.
    """
    require_healthy(market, account)
    if account.has_zero_ltv_collateral and market.collateral_ltv(asset, emode) != 0:
        raise market.rules.refused(Refusal.LTV_VALIDATION_FAILED)


def _available_borrows(market: Market, collateral: int, debt: int, ltv: int) -> int:
    limit = (percent_mul_floor if market.rules.settles_scaled else percent_mul)(collateral, ltv)
    return max(limit - debt, 0)


def _health_factor(market: Market, collateral: int, threshold: int, weighted_threshold: int, debt: int) -> int:
    if debt == 0:
        return MAX_UINT256
    if market.rules.settles_scaled:
        return wad_div(weighted_threshold, debt) // BPS
    # 3.0 cuts the average threshold to whole basis points first
    return wad_div(percent_mul(collateral, threshold), debt)
