"""Why Aave refuses a call: the numbered strings of version 3.0 and the named errors of version 3.6.

Sources: ``Errors.sol`` of aave-v3-core 1.19.3 and of aave-v3-origin 3.6.0; checked-arithmetic panics are Solidity's;
the transfer message is that of the ERC-20 the reserves hold.
"""

from __future__ import annotations

from enum import Enum


class Refusal(Enum):
    """A reason with its identifier in each version: ``(3.0, 3.6)``; None where that version has no such error."""

    INVALID_MINT_AMOUNT = ("24", "InvalidMintAmount")
    INVALID_BURN_AMOUNT = ("25", "InvalidBurnAmount")
    INVALID_AMOUNT = ("26", "InvalidAmount")
    BORROWING_NOT_ENABLED = ("30", "BorrowingNotEnabled")
    NOT_ENOUGH_AVAILABLE_USER_BALANCE = ("32", "NotEnoughAvailableUserBalance")
    COLLATERAL_BALANCE_IS_ZERO = ("34", None)
    HEALTH_FACTOR_LOWER_THAN_LIQUIDATION_THRESHOLD = ("35", "HealthFactorLowerThanLiquidationThreshold")
    COLLATERAL_CANNOT_COVER_NEW_BORROW = ("36", "CollateralCannotCoverNewBorrow")
    NO_DEBT_OF_SELECTED_TYPE = ("39", "NoDebtOfSelectedType")
    NO_EXPLICIT_AMOUNT_TO_REPAY_ON_BEHALF = ("40", "NoExplicitAmountToRepayOnBehalf")
    UNDERLYING_BALANCE_ZERO = ("43", "UnderlyingBalanceZero")
    HEALTH_FACTOR_NOT_BELOW_THRESHOLD = ("45", "HealthFactorNotBelowThreshold")
    COLLATERAL_CANNOT_BE_LIQUIDATED = ("46", "CollateralCannotBeLiquidated")
    SPECIFIED_CURRENCY_NOT_BORROWED_BY_USER = ("47", "SpecifiedCurrencyNotBorrowedByUser")
    LTV_VALIDATION_FAILED = ("57", "LtvValidationFailed")
    INCONSISTENT_EMODE_CATEGORY = ("58", "InconsistentEModeCategory")
    NOT_BORROWABLE_IN_EMODE = ("58", "NotBorrowableInEMode")
    INVALID_DEBT_IN_EMODE = ("58", "InvalidDebtInEmode")
    INVALID_COLLATERAL_IN_EMODE = (None, "InvalidCollateralInEmode")
    USER_IN_ISOLATION_MODE_OR_LTV_ZERO = ("62", "UserInIsolationModeOrLtvZero")
    MUST_NOT_LEAVE_DUST = (None, "MustNotLeaveDust")
    SELF_LIQUIDATION = (None, "SelfLiquidation")
    INSUFFICIENT_BORROW_ALLOWANCE = ("Panic(0x11)", "InsufficientBorrowAllowance")
    ARITHMETIC_UNDERFLOW = ("Panic(0x11)", "Panic(0x11)")
    TRANSFER_EXCEEDS_BALANCE = ("ERC20: transfer amount exceeds balance", "ERC20: transfer amount exceeds balance")

    def __init__(self, number: str | None, error: str | None) -> None:
        self.number = number
        self.error = error


class Refused(Exception):  # noqa: N818 - the protocol refused; nothing went wrong in the program
    """A call the contracts would revert.  The state given to the call is untouched.

    ``reason`` is the version-free reason, ``code`` what the contracts of the rules in force answer.
    """

    def __init__(self, reason: Refusal, code: str) -> None:
        super().__init__(f"Aave refuses: {reason.name} ({code})")
        self.reason = reason
        self.code = code
