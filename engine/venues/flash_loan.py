"""Simulated flash loans: ETH lent and repaid inside one bundle, for a fee (Morpho Blue 0, Aave v3 0.05%)."""

from __future__ import annotations

from engine.config import VenueConfig
from engine.instructions import FlashBorrow, FlashRepay
from engine.market import MarketPanel
from engine.positions import WALLET, WALLET_ETH
from engine.valuation import Valuer
from engine.venues.base import Fill


class SimulatedFlashLoans:
    def __init__(self, venue: VenueConfig, panel: MarketPanel, valuer: Valuer) -> None:
        self._venue = venue
        self._panel = panel
        self._eth_price = valuer.token_price(WALLET, "ETH")

    def execute(self, instruction: FlashBorrow | FlashRepay, hour: int) -> tuple[Fill, ...]:
        price = float(self._eth_price[hour])
        if isinstance(instruction, FlashBorrow):
            amount = instruction.amount
            return (Fill("flash_borrow", self._venue.venue, "ETH", amount, price, ((WALLET_ETH, amount),)),)
        due = instruction.amount + instruction.fee
        return (
            Fill(
                "flash_repay",
                self._venue.venue,
                "ETH",
                -due,
                price,
                ((WALLET_ETH, -due),),
                {"flash_loan_fee": instruction.fee},
                "ETH",
                details={"fee": instruction.fee},
            ),
        )

    def fee(self, amount: float, hour: int) -> float:
        """ETH charged for lending ``amount``."""
        return amount * self.fee_rate(hour)

    def fee_rate(self, hour: int) -> float:
        return self._venue.parameter("flash_loan_fee", int(self._panel.hours[hour]))
