"""The scenarios of the stress table: which shock, measured against which run, and which modes it concerns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engine.config import RunConfig
from engine.positions import LST_ISSUERS
from engine.stress import shocks
from engine.stress.case import Case

Change = Callable[[Case, int], Case]
"""A case and the hour index of the shock → the changed case."""

WEEK, MONTH = 168, 720
WITHDRAWN = 0.20
"""Share of the initial capital that the queue scenarios ask back."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a scenario is measured against: the run itself, or the run with something that makes the shock felt."""

    name: str
    prepare: Change


AS_RUN = Reference("as run", lambda case, _at: case)
CLOSED = Reference("closed at the end", lambda case, _at: case.closed_at_end())
WITHDRAWAL = Reference(
    f"{WITHDRAWN:.0%} withdrawn", lambda case, at: case.with_flow(at, -WITHDRAWN * case.run.initial_capital)
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """``not_exposed`` is why the mode has nothing to fear, or None; ``hours`` how long the shock lasts, None for good.

    ``equation``: primes mark shocked series, ``a`` is the hour it starts at (``engine.stress.shocks``).
    """

    name: str
    equation: str
    apply: Change
    not_exposed: str | None
    reference: Reference = AS_RUN
    hours: int | None = None


def scenarios(run: RunConfig) -> tuple[Scenario, ...]:
    """Every scenario, in the order of the table, with what it means for the run's mode."""
    return (
        *(_price(run, move) for move in (-0.30, 0.30, 0.50)),
        *(_discount(run, points) for points in (50, 140, 300)),
        *(_borrowing(run, points) for points in (10, 20)),
        _funding(run),
        _gas(),
        *(_queue(run, days) for days in (9, 45)),
        *_freezes(run),
        _depeg(run),
    )


def _price(run: RunConfig, move: float) -> Scenario:
    return Scenario(
        f"ETH and BTC {move:+.0%} in 7 days".replace("-", "−"),
        f"p'(t) = p(t) · {1.0 + move:g}^min((t − a)/168, 1), spot and perpetuals alike",
        lambda case, at: replace(case, panel=shocks.price_move(case.panel, at, move, WEEK)),
        "holds neither" if run.mode.asset == "USDT" else None,
        hours=WEEK,
    )


def _discount(run: RunConfig, points: int) -> Scenario:
    return Scenario(
        f"LST {points} bp under its rate",
        f"m'(t) = min(m(t), r(t) · {1.0 - points * 1e-4:g}); the oracle rate, and with it the health factor, stays",
        lambda case, at: replace(case, panel=shocks.lst_discount(case.panel, at, points * 1e-4)),
        None if run.mode.staking_enabled else "holds no LST",
        CLOSED,
    )


def _borrowing(run: RunConfig, points: int) -> Scenario:
    return Scenario(
        f"borrow rate +{points} points for 7 days",
        f"B'(t) = B(t) · exp({points / 100:g} · min(t − a, 168)/8760)",
        lambda case, at: replace(case, panel=shocks.dearer_borrowing(case.panel, at, points / 100, WEEK)),
        None if run.mode.borrowing_enabled else "borrows nothing",
        hours=WEEK,
    )


def _funding(run: RunConfig) -> Scenario:
    return Scenario(
        "funding −0.05 % per 8 h for 30 days",
        "f'(t) = −0.0005 · (hours since the last settlement)/8 for a < t ≤ a + 720",
        lambda case, at: replace(case, panel=shocks.funding_rate(case.panel, at, -5e-4, MONTH)),
        None if run.mode.basis_trade_enabled else "holds no perpetuals",
        hours=MONTH,
    )


def _gas() -> Scenario:
    return Scenario(
        "gas × 20 from then on",
        "g'(t) = 20 · g(t)",
        lambda case, at: replace(case, panel=shocks.dearer_gas(case.panel, at, 20.0)),
        None,
        CLOSED,
    )


def _queue(run: RunConfig, days: int) -> Scenario:
    lst = run.mode.lst_token

    def longer(case: Case, at: int) -> Case:
        return case.with_parameter(LST_ISSUERS[str(lst)], "unstaking_delay_hours", at, 24.0 * days)

    if lst is None:
        not_exposed: str | None = "holds no LST"
    elif run.mode.borrowing_enabled:
        not_exposed = "leverage leaves through the DEX"
    else:
        not_exposed = "exit_route is dex" if run.mode.exit_route == "dex" else None
    return Scenario(f"unstaking queue of {days} days", f"delay'(t) = {24 * days} h", longer, not_exposed, WITHDRAWAL)


def _freezes(run: RunConfig) -> tuple[Scenario, ...]:
    equation = "no orders and no transfers for a ≤ t < a + 168; positions, funding and margin go on"
    exchanges = [name for name, venue in run.venues.items() if venue.kind == "exchange"]
    if not exchanges:
        return (Scenario("one venue frozen for 7 days", equation, lambda case, _at: case, "trades on no exchange"),)
    largest = max(exchanges, key=lambda venue: (run.mode.hedge_allocation or {}).get(venue, 0.0))
    return (*(_freeze(venue, equation) for venue in exchanges), _freeze(largest, equation, _price(run, 0.30)))


def _freeze(venue: str, equation: str, meanwhile: Scenario | None = None) -> Scenario:
    """A venue frozen in the market as it was, or in that of another scenario of the same week."""

    def freeze(case: Case, at: int) -> Case:
        moved = case if meanwhile is None else meanwhile.apply(case, at)
        return replace(moved, panel=shocks.frozen_venue(moved.panel, at, venue, WEEK))

    name = f"{venue} frozen for 7 days"
    if meanwhile is None:
        return Scenario(name, equation, freeze, None, hours=WEEK)
    return Scenario(f"{name}, {meanwhile.name}", f"{equation}; {meanwhile.equation}", freeze, None, hours=WEEK)


def _depeg(run: RunConfig) -> Scenario:
    def fall(case: Case, at: int) -> Case:
        worth = np.where(np.arange(len(case.panel)) >= at, 0.97, 1.0) * case.worth
        return replace(case, panel=shocks.currency_fall(case.panel, at, 0.97), worth=worth)

    return Scenario(
        "USDT at 0.97 USD",
        "p'(t) = p(t)/0.97 in USDT, NAV'(t) · 0.97 in USD; balances in USDT, at Aave too, stay as they are",
        fall,
        None if run.share_class.currency == "USDT" else f"counts in {run.share_class.currency}",
    )
