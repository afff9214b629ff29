"""Spot-perpetual carry: long the asset on the spot venue, short the same units on perpetual venues.

    spot units q = w · E / p        shorts z_v = −h_v · q        funding earned −z_v · m · rate

See ``engine.strategies.hedged`` for targets and rebalancing; this module says what the long leg is.
"""

from __future__ import annotations

import numpy as np

from engine.config import RunConfig
from engine.ledger import Ledger
from engine.market import FloatArray
from engine.positions import TRANSIT, WALLET_ETH, WALLET_USDT, PositionKey, base_token, perp
from engine.strategies.base import Snapshot, StrategyContext, required
from engine.strategies.hedged import HedgedCarry, LegPlan


class SpotLeg:
    """Units of the asset on the spot venue, less what is owed for gas where the asset is ETH."""

    def __init__(self, ledger: Ledger, key: PositionKey) -> None:
        self._ledger = ledger
        self._key = key

    def units(self, snapshot: Snapshot) -> FloatArray:
        owed = snapshot.exposures[self._key.asset].onchain_delta
        units: FloatArray = self._ledger.quantity(self._key) + owed
        return units

    def deviation(self, snapshot: Snapshot) -> FloatArray:
        return np.zeros(len(snapshot))

    def plan(self, change: float, hour: int, urgent: bool) -> LegPlan:  # noqa: ARG002 - spot trades at once
        return LegPlan(change)

    def close(self, hour: int) -> LegPlan:  # noqa: ARG002 - spot trades at once
        return LegPlan(-self._ledger.quantity(self._key))


class BasisTradeStrategy(HedgedCarry):
    def __init__(self, context: StrategyContext) -> None:
        mode = context.run.mode
        spot = base_token(required(mode.spot_venue, "spot_venue"), mode.asset)
        super().__init__(context, SpotLeg(context.ledger, spot), mode.allocation["spot"])

    @classmethod
    def open_accounts(cls, run: RunConfig) -> tuple[PositionKey, ...]:
        spot_venue = required(run.mode.spot_venue, "spot_venue")
        return (*hedge_accounts(run), base_token(spot_venue, run.mode.asset))


def hedge_accounts(run: RunConfig) -> tuple[PositionKey, ...]:
    """Wallet, exchange cash and perpetuals of a hedged mode."""
    mode = run.mode
    spot_venue = required(mode.spot_venue, "spot_venue")
    return (
        WALLET_USDT,
        WALLET_ETH,
        base_token(TRANSIT, "USDT"),
        *(base_token(venue, "USDT") for venue in dict.fromkeys((spot_venue, *mode.hedge_venues))),
        *(perp(venue, mode.perp_symbol) for venue in mode.hedge_venues),
    )
