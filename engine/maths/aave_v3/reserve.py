"""A reserve over time: normalised indices, index updates, the treasury's share, rates after a movement.

Source: ``ReserveLogic.sol`` of both versions.
"""

from __future__ import annotations

from dataclasses import replace

from engine.maths.aave_v3.interest import interest_rates, linear_interest
from engine.maths.aave_v3.market import ReserveConfig
from engine.maths.aave_v3.ray import percent_mul, ray_mul, ray_mul_floor
from engine.maths.aave_v3.refusals import Refusal
from engine.maths.aave_v3.rules import Rules
from engine.maths.aave_v3.state import ReserveState


def normalized_income(reserve: ReserveState, now: int) -> int:
    """Supply index (ray) at ``now``, whether or not the reserve was touched since."""
    if reserve.last_update == now:
        return reserve.liquidity_index
    return ray_mul(linear_interest(reserve.liquidity_rate, now - reserve.last_update), reserve.liquidity_index)


def normalized_debt(reserve: ReserveState, now: int, rules: Rules) -> int:
    """Variable borrow index (ray) at ``now``; it grows at the current rate even while nobody owes anything."""
    if reserve.last_update == now:
        return reserve.variable_borrow_index
    growth = rules.compounded_interest(reserve.variable_borrow_rate, now - reserve.last_update)
    return ray_mul(growth, reserve.variable_borrow_index)


def total_supply(reserve: ReserveState, now: int, rules: Rules) -> int:
    """aTokens in existence, token units."""
    return rules.tokens.supply_balance(reserve.scaled_supply, normalized_income(reserve, now))


def total_debt(reserve: ReserveState, now: int, rules: Rules) -> int:
    """Variable debt in existence, token units."""
    return rules.tokens.debt_balance(reserve.scaled_debt, normalized_debt(reserve, now, rules))


def treasury_share(before: ReserveState, after: ReserveState, config: ReserveConfig, rules: Rules) -> int:
    """Scaled units the treasury earns on the debt interest between two states of the indices."""
    if rules.settles_scaled:
        accrued = ray_mul_floor(before.scaled_debt, after.variable_borrow_index - before.variable_borrow_index)
    else:
        accrued = ray_mul(before.scaled_debt, after.variable_borrow_index) - ray_mul(
            before.scaled_debt, before.variable_borrow_index
        )
    return rules.tokens.supply_minted(percent_mul(accrued, config.reserve_factor), after.liquidity_index)


def update_state(reserve: ReserveState, config: ReserveConfig, now: int, rules: Rules) -> ReserveState:
    """Bring the indices to ``now`` and book the treasury's share.

    The stored supply index moves only while there is income, the stored borrow index only while there is debt.
    """
    if reserve.last_update == now:
        return reserve
    indexed = replace(
        reserve,
        liquidity_index=normalized_income(reserve, now) if reserve.liquidity_rate else reserve.liquidity_index,
        variable_borrow_index=normalized_debt(reserve, now, rules)
        if reserve.scaled_debt
        else reserve.variable_borrow_index,
        last_update=now,
    )
    share = treasury_share(reserve, indexed, config, rules)
    return replace(indexed, accrued_to_treasury=reserve.accrued_to_treasury + share)


def update_rates(reserve: ReserveState, config: ReserveConfig, rules: Rules, added: int, taken: int) -> ReserveState:
    """Rates for the liquidity after ``added`` and ``taken`` token units; moves it too under virtual accounting.

    Raises:
        Refused: more is taken than is there.
    """
    available = reserve.available + added - taken
    debt = rules.tokens.debt_balance(reserve.scaled_debt, reserve.variable_borrow_index)
    if available < 0 and (debt or rules.virtual_accounting):
        raise rules.refused(Refusal.ARITHMETIC_UNDERFLOW)
    liquidity_rate, borrow_rate = interest_rates(
        config.strategy, available, debt, config.reserve_factor, reserve.deficit, averages_debt=rules.averages_debt
    )
    return replace(
        reserve,
        liquidity_rate=liquidity_rate,
        variable_borrow_rate=borrow_rate,
        available=available if rules.virtual_accounting else reserve.available,
    )
