"""Transfers between the wallet and exchange accounts: gas each, and the delay of the slower side.

With a delay the amount waits in a transit account until it arrives; the delay is a dated parameter of the exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.agenda import Agenda, TransferArrival
from engine.config import VenueConfig
from engine.errors import BasisError
from engine.instructions import Transfer
from engine.ledger import Ledger
from engine.market import MarketPanel, iso_hour
from engine.positions import TRANSIT, PositionKey, base_token
from engine.valuation import Valuer
from engine.venues.base import Fill


class SimulatedTransfers:
    def __init__(
        self,
        venues: Mapping[str, VenueConfig],
        ledger: Ledger,
        panel: MarketPanel,
        valuer: Valuer,
        agenda: Agenda,
    ) -> None:
        self._exchanges = {name: venue for name, venue in venues.items() if venue.kind == "exchange"}
        self._ledger = ledger
        self._panel = panel
        self._valuer = valuer
        self._agenda = agenda

    def execute(self, instruction: Transfer, hour: int) -> tuple[Fill, ...]:
        source = base_token(instruction.source, instruction.token)
        held, amount = self._ledger.quantity(source), instruction.amount
        when = iso_hour(int(self._panel.hours[hour]))
        route = f"{instruction.source} to {instruction.target}"
        for venue in (instruction.source, instruction.target):
            if self._panel.is_frozen(venue, hour):
                raise BasisError("EXE-001", f"{venue} is frozen at {when}", found=f"a transfer from {route}")
        if not 0.0 < amount <= held:
            raise BasisError(
                "EXE-001",
                f"cannot move {amount} {instruction.token} from {route} at {when}",
                expected=f"an amount above zero, at most the {held} held",
                found=repr(amount),
            )
        delay = self.delay_hours(instruction.source, instruction.target, hour)
        if delay:
            self._agenda.add(hour + delay, TransferArrival(instruction.target, instruction.token, amount))
        reached = base_token(TRANSIT if delay else instruction.target, instruction.token)
        details = {"source": instruction.source, "target": instruction.target, "delay_hours": delay}
        return (self._fill(instruction.source, instruction.token, amount, source, reached, hour, details),)

    def delay_hours(self, source: str, target: str, hour: int) -> int:
        """Hours between leaving one account and reaching the other."""
        at = int(self._panel.hours[hour])
        sides = [self._exchanges[name] for name in (source, target) if name in self._exchanges]
        return max((int(venue.parameter("transfer.delay_hours", at)) for venue in sides), default=0)

    def arrive(self, due: TransferArrival, hour: int) -> Fill:
        """What was in transit reaches its account."""
        transit, target = base_token(TRANSIT, due.token), base_token(due.target, due.token)
        details = {"source": TRANSIT, "target": due.target}
        return self._fill(due.target, due.token, due.amount, transit, target, hour, details)

    def _fill(
        self,
        venue: str,
        token: str,
        amount: float,
        source: PositionKey,
        target: PositionKey,
        hour: int,
        details: Mapping[str, Any],
    ) -> Fill:
        price = float(self._valuer.token_price(venue, token)[hour])
        return Fill("transfer", venue, token, amount, price, ((source, -amount), (target, amount)), details=details)
