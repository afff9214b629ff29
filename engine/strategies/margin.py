"""Margin across venues: which cash goes where, and when a gain must be realised before it can go.

An account's equity is cash plus unrealised P&L, but only cash can leave it.  Amounts in USDT.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.instructions import Instruction, PerpTrade, Transfer

GAIN_LIMIT = 0.9
"""Share of an account's equity target its unrealised gain may reach before it is realised."""

GAIN_AFTER = 0.5
"""Share of the equity target the gain is brought down to, so that it is not realised every hour."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account before the moves: what it should hold, and what could leave it.

    ``surplus`` is equity less target (negative when short); ``cash`` what may be sent away.
    """

    venue: str
    surplus: float
    cash: float


def balancing_transfers(accounts: Iterable[Account], minimum: float) -> tuple[Transfer, ...]:
    """Moves from accounts with a surplus to accounts that are short, in the order given.

    A surplus that is not there in cash stays where it is; moves below ``minimum`` are not worth their gas.
    """
    order = list(accounts)
    short = {account.venue: -account.surplus for account in order}
    spare = {account.venue: min(account.surplus, account.cash) for account in order}
    transfers = []
    for target in short:
        for source in spare:
            amount = min(short[target], spare[source])
            if source != target and amount > minimum:
                transfers.append(Transfer(source, target, "USDT", amount))
                short[target] -= amount
                spare[source] -= amount
    return tuple(transfers)


def realise_gains(
    symbol: str, sizes: Mapping[str, float], unrealised: Mapping[str, float], targets: Mapping[str, float]
) -> tuple[Instruction, ...]:
    """Close and reopen part of a position whose gain has outgrown the cash its account should keep.

    A gain above ``GAIN_LIMIT`` of the equity target leaves less cash than the account must be able to send or
    spend; the trades bring it to ``GAIN_AFTER``.
    """
    trades: list[Instruction] = []
    for venue, gain in unrealised.items():
        if gain > max(GAIN_LIMIT * targets[venue], 0.0):
            quantity = sizes[venue] * (gain - GAIN_AFTER * targets[venue]) / gain
            trades += [PerpTrade(venue, symbol, -quantity), PerpTrade(venue, symbol, quantity)]
    return tuple(trades)
