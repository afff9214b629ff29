"""Hedged carry: long units of the asset in some leg, short the same units on perpetual venues.

With equity ``E``, long share ``w``, margin share ``1 − w`` and hedge shares ``h_v``:

    long units      x    = w · E / p
    short at v      z_v  = −h_v · x
    margin at v     (USDT + unrealised)_v = (1 − w) · h_v · E

The split between the long leg and margin moves with the price and is a target like the delta.  When any target is off
by more than the deviation threshold, or a risk measure passes its level, the trade is brought back.  A step that
risk asked for only reduces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.instructions import Action, Block, Decision, PerpTrade, SpotTrade, Transfer
from engine.market import BoolArray, FloatArray
from engine.maths.perps import unrealised_pnl
from engine.positions import WALLET, WALLET_ETH, WALLET_USDT, base_token, perp
from engine.strategies.base import Snapshot, StrategyContext, required
from engine.strategies.margin import Account, balancing_transfers, realise_gains

COST_CUSHION = 0.01
"""Share of the notional of planned trades that is held back from transfers, for their fees and slippage."""


@dataclass(frozen=True, slots=True)
class LegPlan:
    """How the long leg changes: blocks before and after the spot trade, and the units traded on the spot venue.

    ``lost`` are units the leg gives up on the way, in conversion and fees.
    """

    spot_quantity: float
    lost: float = 0.0
    before: tuple[Block, ...] = ()
    after: tuple[Block, ...] = ()


class LongLeg(Protocol):
    """The long side, in units of the asset."""

    def units(self, snapshot: Snapshot) -> FloatArray:
        """(hours,) net units held."""
        ...

    def deviation(self, snapshot: Snapshot) -> FloatArray:
        """(hours,) what is off inside the leg, as a share of the leg's value; 0 where there is nothing inside."""
        ...

    def plan(self, change: float, hour: int, urgent: bool) -> LegPlan:
        """Grow (> 0) or shrink (< 0) by ``change`` units, or put right what is off inside."""
        ...

    def close(self, hour: int) -> LegPlan:
        """Leave everything."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """Targets at one hour: the leg's change, per venue the perpetual size and account equity, what the wallet keeps."""

    leg: LegPlan
    perps: dict[str, float]
    equity: dict[str, float]
    kept: float


class HedgedCarry:
    """The strategy of every hedged mode; ``share`` is the leg's share of equity."""

    def __init__(self, context: StrategyContext, leg: LongLeg, share: float) -> None:
        mode, panel = context.run.mode, context.panel
        self._context = context
        self._leg = leg
        self._share = share
        self._ledger = context.ledger
        self._treasury = context.treasury
        self._asset, self._symbol = mode.asset, mode.perp_symbol
        self._spot_venue = required(mode.spot_venue, "spot_venue")
        self._hedge = dict(required(mode.hedge_allocation, "hedge_allocation"))
        self._margin_share = mode.allocation["margin"]
        self._threshold = mode.position_deviation_threshold
        self._minimum = required(mode.minimum_trade_usd, "minimum_trade_usd")
        self._price = panel.spot[f"{self._spot_venue}:{self._symbol}"]
        self._marks = {venue: panel.perp[f"{venue}:{self._symbol}"] for venue in self._hedge}
        self._perps = {venue: perp(venue, self._symbol) for venue in self._hedge}
        self._venues = tuple(dict.fromkeys((self._spot_venue, *self._hedge)))
        eth_price = context.valuer.token_price(WALLET, "ETH")
        self._eth_price = np.zeros(len(eth_price)) if self._asset == "ETH" else eth_price
        self._closing = False

    def stand_down(self) -> None:
        self._closing = True

    # --- when -----------------------------------------------------------------------------------------------

    def triggers(self, snapshot: Snapshot) -> BoolArray:
        return self._off_target(snapshot)

    def _off_target(self, snapshot: Snapshot) -> BoolArray:
        """Not entered, off target, at risk, money wanted in the wallet, or a position to leave."""
        if self._closing:
            return self._holds_something(snapshot)
        if not self._is_entered():
            return np.ones(len(snapshot), dtype=np.bool_)
        acts: BoolArray = (self._deviation(snapshot) > self._threshold) | self._context.at_risk(snapshot)
        return acts | (self._treasury.outstanding > self._treasury.idle())

    def _is_entered(self) -> bool:
        return any(self._ledger.quantity(key) != 0.0 for key in self._perps.values())

    def _holds_something(self, snapshot: Snapshot) -> BoolArray:
        """(hours,) a short, or cash on exchanges or long units worth a trade."""
        cash = sum(self._ledger.quantity(base_token(venue, "USDT")) for venue in self._venues)
        worth = self._leg.units(snapshot) * self._price[snapshot.start : snapshot.stop]
        holds: BoolArray = (worth > self._minimum) | (cash > self._minimum) | self._is_entered()
        return holds

    def _equity(self, snapshot: Snapshot) -> FloatArray:
        """(hours,) what is there to split: NAV less what the wallet must keep and what raising it will cost.

        Gas owed is no part of the split where no leg carries it, or targets would add up to less than there is.
        """
        owed = max(-self._ledger.quantity(WALLET_ETH), 0.0) * self._eth_price[snapshot.start : snapshot.stop]
        return snapshot.nav + owed - self._treasury.kept(snapshot.nav) - self._raising()

    def _raising(self) -> float:
        """USDT raised beyond what is wanted, so that the cost of raising it does not leave the wallet short."""
        missing = self._treasury.outstanding - self._treasury.idle()
        return max(COST_CUSHION * missing, 2.0 * self._minimum) if missing > 0.0 else 0.0

    def _deviation(self, snapshot: Snapshot) -> FloatArray:
        """(hours,) the largest distance of any target from where it is, as a share of equity."""
        equity = self._equity(snapshot)
        price = self._price[snapshot.start : snapshot.stop]
        units = self._leg.units(snapshot)
        worst: FloatArray = np.abs(units * price / equity - self._share)
        np.maximum(worst, self._leg.deviation(snapshot) * self._share, out=worst)
        for venue, share in self._hedge.items():
            size = self._ledger.quantity(self._perps[venue])
            np.maximum(worst, np.abs(size + share * units) * price / equity, out=worst)
            np.maximum(worst, np.abs(snapshot.risk.equity[venue] / equity - self._margin_share * share), out=worst)
        return worst

    # --- what -----------------------------------------------------------------------------------------------

    def decide(self, snapshot: Snapshot) -> Decision | None:
        if not self._off_target(snapshot)[0]:
            return None
        entered, hour = self._is_entered(), snapshot.start
        at_risk = entered and bool(self._context.at_risk(snapshot)[0])
        plan = self._plan(snapshot, at_risk)
        blocks = tuple(block for block in self._blocks(plan, hour) if block.instructions)
        if not blocks:
            return None
        grows = plan.leg.spot_quantity > 0.0
        if self._closing:
            action, reason = Action.EXIT_FULL, "standing down"
        else:
            action = Action.ENTRY_FULL if not entered else Action.ENTRY_PARTIAL if grows else Action.EXIT_PARTIAL
            reason = f"largest deviation from target {float(self._deviation(snapshot)[0]):.2%} of equity"
        if at_risk:
            reason += ", a risk measure is past its level"
        return Decision(action, "risk" if at_risk else "position", reason, blocks)

    def _plan(self, snapshot: Snapshot, at_risk: bool) -> Plan:
        hour = snapshot.start
        sizes = {venue: self._ledger.quantity(key) for venue, key in self._perps.items()}
        if self._closing:
            frozen = {venue for venue in self._hedge if self._context.panel.is_frozen(venue, hour)}
            perps = {venue: size if venue in frozen else 0.0 for venue, size in sizes.items()}
            return Plan(self._leg.close(hour), perps, dict.fromkeys(self._venues, 0.0), kept=np.inf)
        equity, price = float(self._equity(snapshot)[0]), float(self._price[hour])
        units = float(self._leg.units(snapshot)[0])
        margin = {venue: self._margin_share * self._hedge.get(venue, 0.0) * equity for venue in self._venues}
        target = self._share * equity / price
        if at_risk:
            target = min(target, units, -sum(sizes.values()))
        change = target - units
        if abs(change) * price <= self._minimum or self._context.panel.is_frozen(self._spot_venue, hour):
            change = 0.0
        leg = self._leg.plan(change, hour, urgent=at_risk)
        held = units + leg.spot_quantity - leg.lost
        kept = float(self._treasury.kept(snapshot.nav)[0]) + self._raising()
        return Plan(leg, self._short(held, sizes, hour, reduce_only=at_risk), margin, kept)

    def _short(self, held: float, sizes: dict[str, float], hour: int, reduce_only: bool) -> dict[str, float]:
        """Sizes that hedge ``held`` units: by allocation, or all shorts cut alike when only reducing.

        A frozen venue keeps what it has; the others make up for it.
        """
        open_venues = [venue for venue in self._hedge if not self._context.panel.is_frozen(venue, hour)]
        weights = {venue: -sizes[venue] if reduce_only else self._hedge[venue] for venue in open_venues}
        wanted = held + sum(size for venue, size in sizes.items() if venue not in open_venues)
        if reduce_only:
            wanted = min(max(wanted, 0.0), sum(weights.values()))
        total = sum(weights.values())
        return {
            venue: -wanted * weights[venue] / total if venue in weights and total > 0.0 else size
            for venue, size in sizes.items()
        }

    def _blocks(self, plan: Plan, hour: int) -> tuple[Block, ...]:
        """What brings the trade to ``plan``: growing needs the cash first, shrinking frees it first."""
        open_hedges = [venue for venue in self._hedge if not self._context.panel.is_frozen(venue, hour)]
        sizes = {venue: self._ledger.quantity(self._perps[venue]) for venue in open_hedges}
        gains = {venue: self._unrealised(venue, hour) for venue in open_hedges}
        trades = self._trades(plan, hour)
        transfers = Block("move margin", self._transfers(plan, hour, trades))
        trade = Block("trade", trades)
        if self._closing:
            return (*plan.leg.before, trade, transfers, *plan.leg.after)
        realise = Block("realise gains", realise_gains(self._symbol, sizes, gains, plan.equity))
        if plan.leg.spot_quantity <= 0.0:
            return (realise, *plan.leg.before, trade, transfers, *plan.leg.after)
        if self._waits_for_cash(transfers, hour):
            return realise, transfers
        return (realise, *plan.leg.before, transfers, trade, *plan.leg.after)

    def _waits_for_cash(self, transfers: Block, hour: int) -> bool:
        """Is the cash a purchase needs still on its way, or about to be?"""
        agenda, slow = self._context.agenda, self._context.transfers
        if any(agenda.incoming(hour, venue, "USDT") > 0.0 for venue in self._venues):
            return True
        return any(
            slow.delay_hours(move.source, move.target, hour) > 0
            for move in transfers.instructions
            if isinstance(move, Transfer)
        )

    def _trades(self, plan: Plan, hour: int) -> tuple[SpotTrade | PerpTrade, ...]:
        price = float(self._price[hour])
        trades: list[SpotTrade | PerpTrade] = [SpotTrade(self._spot_venue, self._asset, plan.leg.spot_quantity)]
        for venue, target in plan.perps.items():
            trades.append(PerpTrade(venue, self._symbol, target - self._ledger.quantity(self._perps[venue])))
        smallest = 0.0 if self._closing else self._minimum
        return tuple(trade for trade in trades if abs(trade.quantity) * price > smallest)

    def _transfers(self, plan: Plan, hour: int, trades: tuple[SpotTrade | PerpTrade, ...]) -> tuple[Transfer, ...]:
        """Moves that bring every account to its target once ``trades`` are done, at reference prices.

        What may leave an account is its cash after the spot trade, less any open loss and the cost cushion.  The
        wallet is an account too: it keeps its reserve and what withdrawals wait for.
        """
        price = float(self._price[hour])
        wallet = self._ledger.quantity(WALLET_USDT)
        accounts = [Account(WALLET, wallet - plan.kept, wallet)]
        for venue in self._venues:
            if self._context.panel.is_frozen(venue, hour):
                continue
            own = [trade for trade in trades if trade.venue == venue]
            spent = sum(trade.quantity for trade in own if isinstance(trade, SpotTrade)) * price
            cushion = COST_CUSHION * sum(abs(trade.quantity) for trade in own) * price
            cash = self._ledger.quantity(base_token(venue, "USDT")) - spent
            gain = self._unrealised(venue, hour) if venue in self._hedge else 0.0
            owned = cash + gain + self._context.agenda.incoming(hour, venue, "USDT")
            accounts.append(Account(venue, owned - plan.equity[venue], cash + min(gain, 0.0) - cushion))
        return balancing_transfers(accounts, self._minimum)

    def _unrealised(self, venue: str, hour: int) -> float:
        key = self._perps[venue]
        return unrealised_pnl(self._ledger.quantity(key), float(self._marks[venue][hour]), self._ledger.entry(key))
