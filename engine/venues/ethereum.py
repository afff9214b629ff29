"""Gas on Ethereum: ``gas units · gas price · 1e-9`` ETH, paid from the wallet at the price of the hour."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config import VenueConfig
from engine.errors import BasisError
from engine.instructions import (
    Borrow,
    ContractCall,
    Instruction,
    LendSupply,
    LendWithdraw,
    Repay,
    RequestUnstake,
    Stake,
    Swap,
    Transfer,
)
from engine.market import MarketPanel
from engine.positions import WALLET, WALLET_ETH
from engine.valuation import Valuer
from engine.venues.base import Fill

GWEI = 1e-9

OPERATIONS: Mapping[type, str] = {
    Transfer: "VENUE_TRANSFER",
    LendSupply: "COLLATERAL_SUPPLIED",
    LendWithdraw: "COLLATERAL_WITHDRAWN",
    Borrow: "LOAN_CREATED",
    Repay: "LOAN_REPAID",
    Stake: "CREATE_LST",
    RequestUnstake: "REDEEM_LST",
    Swap: "TOKEN_SWAP",
}
"""Gas operation of each instruction that is a transaction of its own; trades on an exchange are none."""


class GasStation:
    """Prices an operation with the node's dated gas units and the panel's gas price."""

    def __init__(self, node: VenueConfig, panel: MarketPanel, valuer: Valuer) -> None:
        if panel.gas_price_gwei is None:
            raise BasisError(
                "DATA-010",
                "a run that touches Ethereum needs gas prices",
                expected="gas_prices: true in the mode's data_requirements",
                found="none in the panel",
            )
        self._node = node
        self._hours = panel.hours
        self._gwei = panel.gas_price_gwei
        self._eth_price = valuer.token_price(WALLET, "ETH")

    def cost(self, operation: str, hour: int) -> float:
        """ETH that an operation costs at an hour."""
        return self._units(operation, hour) * float(self._gwei[hour]) * GWEI

    def pay(self, operation: str, hour: int) -> Fill:
        """The gas of one operation as a fill; the ETH price in USDT is recorded with it."""
        eth = self.cost(operation, hour)
        return Fill(
            "gas_paid",
            self._node.venue,
            "ETH",
            -eth,
            float(self._eth_price[hour]),
            ((WALLET_ETH, -eth),),
            {"gas": eth},
            "ETH",
            details={
                "operation": operation,
                "gas_units": self._units(operation, hour),
                "gas_price_gwei": float(self._gwei[hour]),
            },
        )

    def _units(self, operation: str, hour: int) -> float:
        return self._node.parameter(f"gas_units.{operation}", int(self._hours[hour]))


def gas_operation(instruction: Instruction) -> str | None:
    """The gas an instruction pays on its own, or None."""
    if isinstance(instruction, ContractCall):
        return instruction.operation
    return OPERATIONS.get(type(instruction))
