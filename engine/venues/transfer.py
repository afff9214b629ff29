"""Transfers between the wallet and exchange accounts, settled within the hour, each paying gas."""

from __future__ import annotations

from engine.errors import BasisError
from engine.instructions import Transfer
from engine.ledger import Ledger
from engine.market import MarketPanel, iso_hour
from engine.positions import base_token
from engine.valuation import Valuer
from engine.venues.base import Fill


class SimulatedTransfers:
    def __init__(self, ledger: Ledger, panel: MarketPanel, valuer: Valuer) -> None:
        self._ledger = ledger
        self._panel = panel
        self._valuer = valuer

    def execute(self, instruction: Transfer, hour: int) -> tuple[Fill, ...]:
        source = base_token(instruction.source, instruction.token)
        target = base_token(instruction.target, instruction.token)
        held = self._ledger.quantity(source)
        if not 0.0 < instruction.amount <= held:
            raise BasisError(
                "EXE-001",
                f"cannot move {instruction.amount} {instruction.token} from {instruction.source} to "
                f"{instruction.target} at {iso_hour(int(self._panel.hours[hour]))}",
                expected=f"an amount above zero, at most the {held} held",
                found=repr(instruction.amount),
            )
        return (
            Fill(
                "transfer",
                instruction.source,
                instruction.token,
                instruction.amount,
                float(self._valuer.token_price(instruction.source, instruction.token)[hour]),
                ((source, -instruction.amount), (target, instruction.amount)),
                details={"source": instruction.source, "target": instruction.target},
            ),
        )
