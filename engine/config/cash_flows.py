"""Deposits and withdrawals of a request: read, checked against the window, and put in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from math import isfinite

from engine.config.run import CashFlowConfig
from engine.errors import Problem

RequestedFlow = tuple[datetime | str, float | str]
"""When (aware, or ISO 8601 text with its zone) and how much: a deposit > 0, a withdrawal < 0."""


def read_cash_flows(
    flows: Iterable[RequestedFlow], window: tuple[date, date] | None
) -> tuple[tuple[CashFlowConfig, ...], list[Problem]]:
    """The flows of a run, and every reason (CFG-007) to refuse one.

    ``window``: first and last UTC day, both whole; None checks no flow against it.  The first hour is the initial
    capital's.  Flows of the same hour keep their order.
    """
    read: list[CashFlowConfig] = []
    problems: list[Problem] = []
    for position, (when, how_much) in enumerate(flows):
        at, amount = _datetime(when), _number(how_much)
        where = f"cash_flows[{position}]"
        found = [
            *(Problem("CFG-007", "request", f"{where}.at", str(when), text) for text in _time_faults(at, window)),
            *(Problem("CFG-007", "request", f"{where}.amount", how_much, text) for text in _amount_faults(amount)),
        ]
        problems += found
        if not found and at is not None and amount is not None:
            read.append(CashFlowConfig(at=at.astimezone(UTC), amount=amount))
    return tuple(sorted(read, key=lambda flow: flow.at)), problems


def _datetime(given: datetime | str) -> datetime | None:
    if isinstance(given, datetime):
        return given
    try:
        return datetime.fromisoformat(given.strip())
    except ValueError:
        return None


def _number(given: float | str) -> float | None:
    try:
        return float(given)
    except (TypeError, ValueError):
        return None


def _time_faults(at: datetime | None, window: tuple[date, date] | None) -> Iterator[str]:
    if at is None:
        yield "a time in ISO 8601 with its zone, e.g. 2026-02-01T00:00Z"
        return
    if at.tzinfo is None:
        yield "a time with its zone, e.g. 2026-02-01T00:00Z"
        return
    moment = at.astimezone(UTC)
    if moment != moment.replace(minute=0, second=0, microsecond=0):
        yield "an hour boundary in UTC"
    if window is None:
        return
    first, last = datetime.combine(window[0], time(1), UTC), datetime.combine(window[1], time(23), UTC)
    if not first <= moment <= last:
        yield f"an hour of the window after its first: {first:%Y-%m-%dT%H:%MZ} .. {last:%Y-%m-%dT%H:%MZ}"


def _amount_faults(amount: float | None) -> Iterator[str]:
    if amount is None or not isfinite(amount) or amount == 0.0:
        yield "a number other than 0: a deposit above it, a withdrawal below"
