"""NAV and attribution of a finished run, recomputed over its whole window at once: what NumPy alone would cost.

From a run it takes only what was traded: balance changes by account and hour, what open perpetuals cost, and what
execution lost.  Everything else comes from the market panel by formulas of its own.  There are no events, no risk, no
decisions and no loop over hours, so it is a floor for the engine's time and a second opinion on its numbers.

    balance  q(T) = Σ deltas + Σ funding        perpetual  z·m − Σ(Δz·fill + realised)        funding  −z(T−1)·m·rate
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import orjson

from engine.config import RunConfig
from engine.market import FloatArray, IntArray, MarketPanel
from engine.positions import LST_ISSUERS, PositionKey, PositionType
from engine.results import RunResult
from engine.valuation import COMPONENT_INDEX, COMPONENTS

COST_PREFIX = "cost_"


@dataclass(frozen=True)
class Changes:
    """Sparse changes: ``amount`` (k,) at ``row`` (an account or a component) and ``hour``."""

    row: IntArray
    hour: IntArray
    amount: FloatArray

    @classmethod
    def of(cls, changes: list[tuple[int, int, float]]) -> Changes:
        row, hour, amount = zip(*changes, strict=True) if changes else ((), (), ())
        return cls(np.array(row, dtype=np.int64), np.array(hour, dtype=np.int64), np.array(amount, dtype=np.float64))

    def dense(self, rows: int, hours: int) -> FloatArray:
        """(rows, hours), zero where nothing changes."""
        flat = np.bincount(self.row * hours + self.hour, self.amount, minlength=rows * hours)
        return flat.reshape(rows, hours)


@dataclass(frozen=True)
class Trades:
    """``balances``: stored units by account, without funding; ``basis``: USDT put into a perpetual by account;
    ``costs``: value lost by component, in the share-class currency."""

    keys: tuple[PositionKey, ...]
    balances: Changes
    basis: Changes
    costs: Changes


def traded(result: RunResult) -> Trades:
    """What a run traded, read from its event log and postings."""
    ledger, columns = result.ledger, result.components.event_logger.columns
    hours = ((np.array(columns["ts"]) - result.hours[0]) // 3600).tolist()
    accounts = {str(key): row for row, key in enumerate(ledger.keys)}
    posted, basis, costs = ledger.postings, [], []
    balances = [
        (accounts[key], hours[seq - 1], delta)
        for seq, key, delta in zip(posted.seq, posted.position_key, posted.delta, strict=True)
        if columns["event_type"][seq - 1] != "funding_settlement"
    ]
    for row, text in enumerate(columns["details_json"]):
        details = orjson.loads(text) if text else {}
        if "realised_pnl" in details:
            key = f"{columns['venue'][row]}:{PositionType.PERP}:{columns['token'][row]}"
            paid = columns["amount"][row] * columns["price"][row] + details["realised_pnl"]
            basis.append((accounts[key], hours[row], paid))
        kinds = {kind.removeprefix(COST_PREFIX): cost for kind, cost in details.items() if kind.startswith(COST_PREFIX)}
        if lost := sum(kinds.values()):  # a fill's costs share one currency: the total's value is split in proportion
            costs += [(COMPONENT_INDEX[k], hours[row], columns["cost_total"][row] * c / lost) for k, c in kinds.items()]
    return Trades(ledger.keys, Changes.of(balances), Changes.of(basis), Changes.of(costs))


@dataclass(frozen=True)
class Reference:
    """``nav`` (n,) and ``attribution`` (components, n) in the share-class currency."""

    nav: FloatArray
    attribution: FloatArray


def recompute(run: RunConfig, panel: MarketPanel, trades: Trades) -> Reference:
    """NAV and attribution of ``trades`` in the market of ``panel``; deposits after the first hour are not supported."""
    count, prices = len(panel), Prices(run, panel)
    rows = {key: row for row, key in enumerate(trades.keys)}
    held = np.cumsum(trades.balances.dense(len(rows), count), axis=1)
    basis = np.cumsum(trades.basis.dense(len(rows), count), axis=1)
    attribution = -trades.costs.dense(len(COMPONENTS), count)
    for key, row in rows.items():
        if key.type is PositionType.PERP:
            paid = funding(panel, key, held[row])
            held[rows[PositionKey(key.venue, PositionType.BASE_TOKEN, "USDT")]] += np.cumsum(paid)
            attribution[COMPONENT_INDEX["funding_pnl"]] += paid / prices.numeraire
    nav = np.zeros(count)
    for key, row in rows.items():
        if key.type is PositionType.PERP:
            mark, spot = prices.mark(key), prices.spot(run.mode.spot_venue or key.venue, key.asset)
            nav += held[row] * mark - basis[row] / prices.numeraire
            moves = {"delta_pnl": step(spot), "basis_pnl": step(mark - spot)}
        else:
            index, rate, price = prices.parts(key)
            nav += held[row] * index * rate * price
            moves = {
                "borrow_costs" if key.type is PositionType.DEBT_TOKEN else "supply_yield":
                    step(index) * before(rate) * before(price),
                "staking_yield_oracle": index * step(rate) * before(price),
                "delta_pnl": index * rate * step(price),
            }  # fmt: skip
        for component, move in moves.items():
            attribution[COMPONENT_INDEX[component]] += before(held[row]) * move
    return Reference(nav, attribution)


def funding(panel: MarketPanel, key: PositionKey, size: FloatArray) -> FloatArray:
    """(n,) USDT received at each hour on the size held into it."""
    series = f"{key.venue}:{key.symbol}"
    paid = -before(size) * panel.perp[series] * np.nan_to_num(panel.funding[series])
    paid[0] = 0.0  # nothing is held into the first hour
    return paid


def before(values: FloatArray) -> FloatArray:
    """The value one hour earlier; the first hour repeats itself."""
    return np.concatenate((values[:1], values[:-1]))


def step(values: FloatArray) -> FloatArray:
    return np.diff(values, prepend=values[:1])


class Prices:
    """Prices in the share-class currency, straight from the panel."""

    def __init__(self, run: RunConfig, panel: MarketPanel) -> None:
        self._venues, self._panel = run.mode.price_venue, panel
        self._ones = np.ones(len(panel))
        self.numeraire = self._ones
        if run.share_class.currency != "USDT":
            self.numeraire = self.spot("wallet", run.share_class.currency)

    def spot(self, venue: str, token: str) -> FloatArray:
        if token == "USDT":
            return self._ones / self.numeraire
        own = f"{venue}:{token}USDT"
        series = own if own in self._panel.spot else f"{self._venues[token]}:{token}USDT"
        return self._panel.spot[series] / self.numeraire

    def mark(self, key: PositionKey) -> FloatArray:
        return self._panel.perp[f"{key.venue}:{key.symbol}"] / self.numeraire

    def parts(self, key: PositionKey) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Signed index, rate and price of a holding: its value is their product times the stored units."""
        index = self._ones
        if key.type is PositionType.A_TOKEN:
            index = self._panel.liquidity_index[key.asset]
        elif key.type is PositionType.DEBT_TOKEN:
            index = -self._panel.borrow_index[key.asset]
        if key.asset in LST_ISSUERS:
            return index, self._panel.oracle_rate[key.asset], self.spot(key.venue, "ETH")
        return index, self._ones, self.spot(key.venue, "ETH" if key.asset == "WETH" else key.asset)


def require_agreement(result: RunResult, reference: Reference, tolerance: float = 1e-9) -> None:
    """AssertionError where NAV or a component differs from the engine's by more than ``tolerance`` of NAV."""
    nav = result.record.nav
    assert np.max(np.abs(reference.nav - nav) / nav) <= tolerance, "NAV differs from the NumPy reference"
    worst = np.max(np.abs(reference.attribution - result.record.attribution) / nav, axis=1)
    differing = [name for name, distance in zip(COMPONENTS, worst, strict=True) if not distance <= tolerance]
    assert not differing, f"{', '.join(differing)} differ from the NumPy reference"
