"""Lending: all USDT supplied to Aave v3.

    NAV(T) = s · I(T) + gas debt,   s = capital / I(T0)

The scaled balance ``s`` never changes between operations; the liquidity index ``I`` carries the interest.
"""

from __future__ import annotations

from engine.config import RunConfig
from engine.instructions import Action, Block, Decision, LendSupply
from engine.ledger import Ledger
from engine.market import BoolArray, MarketPanel
from engine.positions import WALLET_ETH, PositionKey, a_token, base_token
from engine.strategies.base import Snapshot

LENDING_VENUE = "aave_v3"


class LendingStrategy:
    """Supplies idle cash as soon as it is worth more than the deviation threshold."""

    def __init__(self, run: RunConfig, ledger: Ledger, panel: MarketPanel) -> None:  # noqa: ARG002 - one signature for all
        self._asset = run.mode.asset
        self._threshold = run.mode.position_deviation_threshold
        self._ledger = ledger
        self._idle = base_token("wallet", self._asset)
        self._supplied = a_token(self._asset, LENDING_VENUE)

    @classmethod
    def open_accounts(cls, run: RunConfig) -> tuple[PositionKey, ...]:
        asset = run.mode.asset
        return (base_token("wallet", asset), WALLET_ETH, a_token(asset, LENDING_VENUE))

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        idle: BoolArray = snapshot.values[self._ledger.position(self._idle)] > self._threshold * snapshot.nav
        return idle

    def decide(self, snapshot: Snapshot) -> Decision | None:
        if not self.triggers(snapshot).any():
            return None
        idle = self._ledger.quantity(self._idle)
        first = self._ledger.quantity(self._supplied) == 0.0
        return Decision(
            Action.ENTRY_FULL if first else Action.ENTRY_PARTIAL,
            trigger="position",
            reason=f"{idle:.2f} {self._asset} idle in the wallet",
            blocks=(Block("supply", (LendSupply(LENDING_VENUE, self._asset, idle),)),),
        )
