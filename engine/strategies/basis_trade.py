"""Spot-perpetual carry: long the asset on the spot venue, short the same units on perpetual venues.

With equity ``E``, spot share ``w``, margin share ``1 − w`` and hedge shares ``h_v``:

    spot units      q    = w · E / p
    short at v      z_v  = −h_v · q
    margin at v     (USDT + unrealised)_v = (1 − w) · h_v · E

The units of spot and shorts stay equal, so the delta never moves; the split between spot and margin does, and is
a target like the others.  When any of them is off by more than the deviation threshold, or a risk measure passes
its level, the trade is brought back to target.  A step that risk asked for only reduces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.config import RunConfig
from engine.instructions import Action, Block, Decision, Instruction, PerpTrade, SpotTrade
from engine.ledger import Ledger
from engine.market import BoolArray, FloatArray, MarketPanel
from engine.maths.perps import unrealised_pnl
from engine.positions import WALLET, WALLET_ETH, WALLET_USDT, PositionKey, base_token, perp
from engine.strategies.base import Snapshot, required
from engine.strategies.margin import Account, balancing_transfers, realise_gains

COST_CUSHION = 0.01
"""Share of the notional of planned trades that is held back from transfers, for their fees and slippage."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Targets at one hour: spot units, and per venue the perpetual size and account equity (USDT)."""

    spot: float
    perps: dict[str, float]
    equity: dict[str, float]


class BasisTradeStrategy:
    def __init__(self, run: RunConfig, ledger: Ledger, panel: MarketPanel) -> None:
        mode = run.mode
        self._asset = mode.asset
        self._symbol = f"{mode.asset}USDT"
        self._spot_venue = required(mode.spot_venue, "spot_venue")
        self._hedge = dict(required(mode.hedge_allocation, "hedge_allocation"))
        self._spot_share = mode.allocation["spot"]
        self._margin_share = mode.allocation["margin"]
        self._threshold = mode.position_deviation_threshold
        self._minimum = required(mode.minimum_trade_usd, "minimum_trade_usd")
        self._ledger = ledger
        self._spot = base_token(self._spot_venue, self._asset)
        self._price = panel.spot[f"{self._spot_venue}:{self._symbol}"]
        self._marks = {venue: panel.perp[f"{venue}:{self._symbol}"] for venue in self._hedge}
        self._perps = {venue: perp(venue, self._symbol) for venue in self._hedge}
        self._accounts = tuple(dict.fromkeys((self._spot_venue, *self._hedge)))

    @classmethod
    def open_accounts(cls, run: RunConfig) -> tuple[PositionKey, ...]:
        mode = run.mode
        spot_venue = required(mode.spot_venue, "spot_venue")
        hedge = required(mode.hedge_allocation, "hedge_allocation")
        return (
            WALLET_USDT,
            WALLET_ETH,
            *(base_token(venue, "USDT") for venue in dict.fromkeys((spot_venue, *hedge))),
            base_token(spot_venue, mode.asset),
            *(perp(venue, f"{mode.asset}USDT") for venue in hedge),
        )

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        """Off target, at risk, or not entered yet."""
        if self._ledger.quantity(self._spot) == 0.0:
            return np.ones(snapshot.stop - snapshot.start, dtype=np.bool_)
        acts: BoolArray = (self._deviation(snapshot) > self._threshold) | (snapshot.worst_risk() > 0)
        return acts

    def _deviation(self, snapshot: Snapshot) -> FloatArray:
        """(hours,) the largest distance of any target from where it is, as a share of equity."""
        nav = snapshot.nav
        price = self._price[snapshot.start : snapshot.stop]
        spot = snapshot.positions.quantities[self._ledger.position(self._spot)]
        worst: FloatArray = np.abs(spot * price / nav - self._spot_share)
        for venue, share in self._hedge.items():
            size = snapshot.positions.quantities[self._ledger.position(self._perps[venue])]
            equity = snapshot.risk.accounts[venue].equity
            np.maximum(worst, np.abs(size + share * spot) * price / nav, out=worst)
            np.maximum(worst, np.abs(equity / nav - self._margin_share * share), out=worst)
        return worst

    def decide(self, snapshot: Snapshot) -> Decision | None:
        if not self.triggers(snapshot)[0]:
            return None
        held = self._ledger.quantity(self._spot)
        at_risk = held > 0.0 and bool(snapshot.worst_risk()[0] > 0)
        plan = self._plan(float(snapshot.nav[0]), snapshot.start, reduce_only=at_risk)
        blocks = tuple(block for block in self._blocks(plan, snapshot.start) if block.instructions)
        if not blocks:
            return None
        grows = plan.spot > held
        deviation = float(self._deviation(snapshot)[0])
        return Decision(
            Action.ENTRY_FULL if held == 0.0 else Action.ENTRY_PARTIAL if grows else Action.EXIT_PARTIAL,
            trigger="risk" if at_risk else "position",
            reason=f"largest deviation from target {deviation:.2%} of equity"
            + (", a risk measure is past its level" if at_risk else ""),
            blocks=blocks,
        )

    def _plan(self, equity: float, hour: int, reduce_only: bool) -> Plan:
        margin = {venue: self._margin_share * self._hedge.get(venue, 0.0) * equity for venue in self._accounts}
        spot = self._spot_share * equity / float(self._price[hour])
        if not reduce_only:
            return Plan(spot, {venue: -share * spot for venue, share in self._hedge.items()}, margin)
        sizes = {venue: self._ledger.quantity(key) for venue, key in self._perps.items()}
        hedged = -sum(sizes.values())
        spot = min(spot, self._ledger.quantity(self._spot), hedged)
        return Plan(spot, {venue: size * spot / hedged if hedged else 0.0 for venue, size in sizes.items()}, margin)

    def _blocks(self, plan: Plan, hour: int) -> tuple[Block, ...]:
        """What brings the trade to ``plan``: growing needs the cash first, shrinking frees it first."""
        trades = self._trades(plan, hour)
        sizes = {venue: self._ledger.quantity(key) for venue, key in self._perps.items()}
        gains = {venue: self._unrealised(venue, hour) for venue in self._hedge}
        realise = Block("realise gains", realise_gains(self._symbol, sizes, gains, plan.equity))
        transfers = Block("move margin", self._transfers(plan, hour, trades))
        trade = Block("trade", trades)
        if plan.spot > self._ledger.quantity(self._spot):
            return realise, transfers, trade
        return realise, trade, transfers

    def _trades(self, plan: Plan, hour: int) -> tuple[SpotTrade | PerpTrade, ...]:
        price = float(self._price[hour])
        trades: list[SpotTrade | PerpTrade] = [
            SpotTrade(self._spot_venue, self._asset, plan.spot - self._ledger.quantity(self._spot)),
            *(
                PerpTrade(venue, self._symbol, target - self._ledger.quantity(self._perps[venue]))
                for venue, target in plan.perps.items()
            ),
        ]
        return tuple(trade for trade in trades if abs(trade.quantity) * price > self._minimum)

    def _transfers(self, plan: Plan, hour: int, trades: tuple[SpotTrade | PerpTrade, ...]) -> tuple[Instruction, ...]:
        """Moves that bring every account to its margin target once ``trades`` are done, at reference prices.

        What may leave an account is its cash after the spot trade, less any open loss and the cost cushion.
        """
        price = float(self._price[hour])
        wallet = self._ledger.quantity(WALLET_USDT)
        accounts = [Account(WALLET, wallet, wallet)]
        for venue in self._accounts:
            own = [trade for trade in trades if trade.venue == venue]
            spent = sum(trade.quantity for trade in own if isinstance(trade, SpotTrade)) * price
            cushion = COST_CUSHION * sum(abs(trade.quantity) for trade in own) * price
            cash = self._ledger.quantity(base_token(venue, "USDT")) - spent
            gain = self._unrealised(venue, hour) if venue in self._hedge else 0.0
            accounts.append(Account(venue, cash + gain - plan.equity[venue], cash + min(gain, 0.0) - cushion))
        return balancing_transfers(accounts, self._minimum)

    def _unrealised(self, venue: str, hour: int) -> float:
        key = self._perps[venue]
        return unrealised_pnl(self._ledger.quantity(key), float(self._marks[venue][hour]), self._ledger.entry(key))
