"""Simulated staking with Lido and ether.fi: ETH in at the oracle rate, out through the queue after a delay.

Minting is exact at the exchange rate: ``LST = ETH / r`` (``stEthPerToken``, ``getRate``).  A redemption request
fixes its ETH at the rate of the request; it can be claimed after the issuer's delay.  A mode that values its LST at
the market rate loses the discount on the way in and gets it back on the way out; both are booked as slippage.
"""

from __future__ import annotations

from engine.agenda import Agenda, UnstakeClaim
from engine.config import VenueConfig
from engine.instructions import RequestUnstake, Stake
from engine.market import MarketPanel
from engine.positions import WALLET, WALLET_ETH, pending_claim, wallet_key
from engine.valuation import Valuer
from engine.venues.base import Fill


class SimulatedStaking:
    def __init__(self, venue: VenueConfig, panel: MarketPanel, valuer: Valuer, agenda: Agenda) -> None:
        self._venue = venue
        self._panel = panel
        self._valuer = valuer
        self._eth_price = valuer.token_price(WALLET, "ETH")
        self._agenda = agenda

    def execute(self, instruction: Stake | RequestUnstake, hour: int) -> tuple[Fill, ...]:
        rate = float(self._panel.oracle_rate[instruction.lst][hour])
        price = float(self._eth_price[hour])
        details = {"oracle_rate": rate, "lst": instruction.lst}
        if isinstance(instruction, Stake):
            minted = instruction.amount / rate
            postings = ((WALLET_ETH, -instruction.amount), (wallet_key(instruction.lst), minted))
            return (Fill("stake", self._venue.venue, "ETH", -instruction.amount, price, postings,
                         self._discount(instruction.lst, minted, hour), "ETH",
                         details={**details, "minted": minted}),)  # fmt: skip
        owed = instruction.quantity * rate
        due = hour + self.delay_hours(hour)
        claim = pending_claim(instruction.lst)
        self._agenda.add(due, UnstakeClaim(instruction.lst, owed))
        return (
            Fill(
                "unstake_requested",
                self._venue.venue,
                instruction.lst,
                -instruction.quantity,
                rate * price,
                ((wallet_key(instruction.lst), -instruction.quantity), (claim, owed)),
                self._discount(instruction.lst, -instruction.quantity, hour),
                "ETH",
                details={**details, "eth_owed": owed, "claimable_after_hours": due - hour},
            ),
        )

    def _discount(self, lst: str, change: float, hour: int) -> dict[str, float]:
        """ETH lost by holding ``change`` more LST at the rate it is valued at; none where that is the oracle's."""
        valued = float(self._valuer.unit_value(wallet_key(lst)).exposure[hour])
        lost = change * (float(self._panel.oracle_rate[lst][hour]) - valued)
        return {"slippage": lost} if lost else {}

    def delay_hours(self, hour: int) -> int:
        """Hours from request to claim in force at an hour."""
        return int(self._venue.parameter("unstaking_delay_hours", int(self._panel.hours[hour])))

    def claim(self, due: UnstakeClaim, hour: int) -> Fill:
        """ETH of a finished request arrives in the wallet."""
        return Fill(
            "unstake_claimed",
            self._venue.venue,
            "ETH",
            due.eth,
            float(self._eth_price[hour]),
            ((pending_claim(due.lst), -due.eth), (WALLET_ETH, due.eth)),
        )
