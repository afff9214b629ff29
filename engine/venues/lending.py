"""Simulated Aave v3: supplying and withdrawing at the liquidity index of the hour."""

from __future__ import annotations

from engine.config import VenueConfig
from engine.instructions import LendSupply, LendWithdraw
from engine.ledger import Ledger
from engine.market import MarketPanel
from engine.maths.aave import scaled_balance
from engine.positions import a_token, base_token
from engine.valuation import Valuer
from engine.venues.base import Fill
from engine.venues.ethereum import GasStation


class SimulatedLending:
    """Mints and burns scaled balances: ``scaled = amount / I``; each operation pays gas."""

    def __init__(self, venue: VenueConfig, ledger: Ledger, panel: MarketPanel, valuer: Valuer, gas: GasStation) -> None:
        self._venue = venue
        self._ledger = ledger
        self._panel = panel
        self._valuer = valuer
        self._gas = gas

    def execute(self, instruction: LendSupply | LendWithdraw, hour: int) -> tuple[Fill, ...]:
        asset, amount = instruction.asset, instruction.amount
        index = float(self._panel.liquidity_index[asset][hour])
        scaled = scaled_balance(amount, index)
        supplied = isinstance(instruction, LendSupply)
        sign = -1.0 if supplied else 1.0
        wallet, receipt = base_token("wallet", asset), a_token(asset, self._venue.venue)
        return (
            Fill(
                "lend_supply" if supplied else "lend_withdraw",
                self._venue.venue,
                asset,
                sign * amount,
                float(self._valuer.token_price("wallet", asset)[hour]),
                ((wallet, sign * amount), (receipt, -sign * scaled)),
                details={"liquidity_index": index, "scaled_amount": -sign * scaled},
            ),
            self._gas.pay(
                "COLLATERAL_SUPPLIED" if supplied else "COLLATERAL_WITHDRAWN",
                hour,
                float(self._valuer.token_price("wallet", "ETH")[hour]),
            ),
        )
