"""Treasury: what must stay in the wallet, and who is waiting for money.

Withdrawals are paid from the wallet in the order they were asked for, as soon as it holds enough (fast when the
reserve covers them, slow when positions must be unwound first).  ``kept`` is what a strategy must leave there.
"""

from __future__ import annotations

from collections import deque

from engine.config import RunConfig
from engine.ledger import Ledger
from engine.market import FloatArray
from engine.positions import WALLET, base_token


class Treasury:
    def __init__(self, run: RunConfig, ledger: Ledger) -> None:
        self._ledger = ledger
        self._reserve_ratio = run.mode.reserve_ratio or 0.0
        self.account = base_token(WALLET, run.share_class.currency)
        self._waiting: deque[float] = deque()

    @property
    def outstanding(self) -> float:
        """Withdrawals asked for and not paid yet, in ``N``."""
        return sum(self._waiting)

    def ask(self, amount: float) -> None:
        """A withdrawal of ``amount`` (> 0) joins the queue."""
        self._waiting.append(amount)

    def payable(self) -> list[float]:
        """Withdrawals the wallet can pay now, oldest first; they leave the queue."""
        held = self._ledger.quantity(self.account)
        paid = []
        while self._waiting and self._waiting[0] <= held:
            amount = self._waiting.popleft()
            held -= amount
            paid.append(amount)
        return paid

    def kept(self, nav: FloatArray) -> FloatArray:
        """(hours,) what the wallet should hold: the reserve and every outstanding withdrawal."""
        kept: FloatArray = self.outstanding + self._reserve_ratio * nav
        return kept

    def idle(self) -> float:
        """What the wallet holds, in ``N``."""
        return self._ledger.quantity(self.account)
