"""Each reason for which the contracts refuse, in both versions' words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.maths.aave_v3 import (
    MAX_AMOUNT,
    RULES_3_0,
    RULES_3_6,
    Action,
    Borrow,
    EModeCategory,
    LiquidationCall,
    Market,
    PoolState,
    RateStrategy,
    Refusal,
    Refused,
    Repay,
    RepayWithATokens,
    ReserveConfig,
    SetUserEMode,
    SetUserUseReserveAsCollateral,
    Supply,
    TransferAToken,
    UserState,
    Withdraw,
    empty_pool,
    rules_at,
    rules_of,
    transition,
)

E18, ETH = 10**18, frozenset({"WETH"})


def surroundings(version: str, eth_price: int = 3000) -> Market:
    return Market(
        rules=rules_of(version),
        reserves={
            "WETH": ReserveConfig(18, 8050, 8300, 10500, 1500, 1000, True, RateStrategy(9000, 0, 270, 8000)),
            "USDT": ReserveConfig(6, 7500, 7800, 10450, 1000, 1000, True, RateStrategy(9200, 0, 550, 6000)),
            "EIGEN": ReserveConfig(18, 0, 5000, 11000, 1000, 1000, False, RateStrategy(9000, 0, 270, 8000)),
        },
        emodes={1: EModeCategory(9300, 9500, 10100, ETH, ETH)},
        prices={"WETH": eth_price * 10**8, "USDT": 10**8, "EIGEN": 10**8},
        timestamp=1_700_000_000,
    )


def pool(market: Market) -> PoolState:
    """A lender of USDT, and a borrower with 10 WETH and some EIGEN against 10,000 USDT."""
    wallet = {"WETH": 100 * E18, "USDT": 10**11, "EIGEN": 100 * E18}
    state = PoolState(
        empty_pool(market).reserves, {name: UserState(wallet=wallet) for name in ("lender", "borrower", "other")}
    )
    opening: list[Action] = [
        Supply("lender", "USDT", 5 * 10**10, "lender"),
        Supply("borrower", "WETH", 10 * E18, "borrower"),
        Supply("borrower", "EIGEN", E18, "borrower"),
        Borrow("borrower", "USDT", 10**10, "borrower"),
    ]
    for action in opening:
        state = transition(state, market, action)
    return state


CASES: list[tuple[Action, str, str]] = [
    (Supply("other", "USDT", 0, "other"), "26", "InvalidAmount"),
    (Supply("other", "USDT", 10**12, "other"), *["ERC20: transfer amount exceeds balance"] * 2),
    (Withdraw("lender", "USDT", 0, "lender"), "26", "InvalidAmount"),
    (Withdraw("lender", "USDT", 6 * 10**10, "lender"), "32", "NotEnoughAvailableUserBalance"),
    (Withdraw("lender", "USDT", MAX_AMOUNT, "lender"), "Panic(0x11)", "Panic(0x11)"),
    (Withdraw("borrower", "WETH", 9 * E18, "borrower"), "35", "HealthFactorLowerThanLiquidationThreshold"),
    (Borrow("borrower", "USDT", 0, "borrower"), "26", "InvalidAmount"),
    (Borrow("borrower", "EIGEN", E18, "borrower"), "30", "BorrowingNotEnabled"),
    (Borrow("other", "USDT", 10**6, "other"), "34", "LtvValidationFailed"),
    (Borrow("borrower", "USDT", 145 * 10**8, "borrower"), "36", "CollateralCannotCoverNewBorrow"),
    (Borrow("borrower", "USDT", 6 * 10**10, "borrower"), "36", "InvalidAmount"),
    (Borrow("other", "USDT", 10**6, "borrower"), "Panic(0x11)", "InsufficientBorrowAllowance"),
    (Repay("borrower", "USDT", 0, "borrower"), "26", "InvalidAmount"),
    (Repay("other", "USDT", MAX_AMOUNT, "borrower"), "40", "NoExplicitAmountToRepayOnBehalf"),
    (Repay("other", "USDT", 10**6, "other"), "39", "NoDebtOfSelectedType"),
    (RepayWithATokens("borrower", "USDT", 10**6), "Panic(0x11)", "Panic(0x11)"),
    (RepayWithATokens("borrower", "USDT", MAX_AMOUNT), "25", "InvalidBurnAmount"),
    (TransferAToken("lender", "other", "USDT", 6 * 10**10), "Panic(0x11)", "Panic(0x11)"),
    (TransferAToken("borrower", "other", "WETH", 9 * E18), "35", "HealthFactorLowerThanLiquidationThreshold"),
    (SetUserEMode("borrower", 1), "58", "InvalidDebtInEmode"),
    (SetUserEMode("borrower", 7), "58", "InconsistentEModeCategory"),
    (SetUserUseReserveAsCollateral("other", "WETH", True), "43", "UnderlyingBalanceZero"),
    (SetUserUseReserveAsCollateral("borrower", "EIGEN", True), "62", "UserInIsolationModeOrLtvZero"),
    (
        SetUserUseReserveAsCollateral("borrower", "WETH", False),
        "35",
        "HealthFactorLowerThanLiquidationThreshold",
    ),
    (LiquidationCall("other", "borrower", "WETH", "USDT", 10**6, False), "45", "HealthFactorNotBelowThreshold"),
]

CASES_AFTER_A_FALL: list[tuple[Action, str | None, str]] = [
    (LiquidationCall("other", "borrower", "EIGEN", "USDT", 10**6, False), "46", "CollateralCannotBeLiquidated"),
    (LiquidationCall("other", "borrower", "WETH", "WETH", E18, False), "47", "SpecifiedCurrencyNotBorrowedByUser"),
    (LiquidationCall("other", "borrower", "WETH", "USDT", 0, False), "25", "InvalidBurnAmount"),
    (LiquidationCall("borrower", "borrower", "WETH", "USDT", 10**9, False), None, "SelfLiquidation"),
    (LiquidationCall("other", "borrower", "WETH", "USDT", 95 * 10**8, False), None, "MustNotLeaveDust"),
    (Borrow("borrower", "USDT", 10**6, "borrower"), "35", "HealthFactorLowerThanLiquidationThreshold"),
]


def answer(market: Market, state: PoolState, action: Action) -> str | None:
    try:
        transition(state, market, action)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(("action", "number", "error"), CASES, ids=lambda part: type(part).__name__)
def test_refusals(action: Action, number: str, error: str) -> None:
    for version, expected in (("3.0", number), ("3.6", error)):
        market = surroundings(version)
        assert answer(market, pool(market), action) == expected


@pytest.mark.parametrize(("action", "number", "error"), CASES_AFTER_A_FALL, ids=lambda part: type(part).__name__)
def test_refusals_after_a_fall(action: Action, number: str | None, error: str) -> None:
    for version, expected in (("3.0", number), ("3.6", error)):
        market = surroundings(version)
        # health factor 0.94: the whole debt may go
        fallen = replace(market, prices={**market.prices, "WETH": 1133 * 10**8})
        assert answer(fallen, pool(market), action) == expected


def test_collateral_without_ltv_leaves_first() -> None:
    for version, code in (("3.0", "57"), ("3.6", "LtvValidationFailed")):
        market = surroundings(version)
        state = pool(market)
        no_ltv = {**market.reserves, "USDT": replace(market.reserves["USDT"], ltv=0)}
        state = transition(state, market, Supply("borrower", "USDT", 10**9, "borrower"))
        market = replace(market, reserves=no_ltv)
        assert answer(market, state, Withdraw("borrower", "WETH", E18, "borrower")) == code
        assert answer(market, state, Withdraw("borrower", "USDT", 10**8, "borrower")) is None


def test_rules_have_dates() -> None:
    assert rules_at(date(2025, 2, 23)) is RULES_3_0
    assert rules_at(date(2025, 2, 24)) is RULES_3_6
    with pytest.raises(ValueError, match="2023-01-27"):
        rules_at(date(2022, 12, 31))
    with pytest.raises(ValueError, match=r"4\.0"):
        rules_of("4.0")
    with pytest.raises(ValueError, match="MUST_NOT_LEAVE_DUST"):
        RULES_3_0.refused(Refusal.MUST_NOT_LEAVE_DUST)
