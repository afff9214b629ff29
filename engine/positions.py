"""Position keys, ``venue:type:symbol`` (mechanics §3), and what stands behind each type."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from engine.errors import BasisError


class PositionType(StrEnum):
    """How a stored quantity becomes value.

    BASE_TOKEN and LST store token amounts, A_TOKEN and DEBT_TOKEN scaled balances (constant between
    operations), PERP a signed size with an average entry price.
    """

    BASE_TOKEN = "BaseToken"
    LST = "LST"
    A_TOKEN = "aToken"
    DEBT_TOKEN = "debtToken"
    PERP = "Perp"


class PositionKey(NamedTuple):
    """One account line.  ``asset`` is the token whose price moves it (``BTC`` for ``BTCUSDT``).

    A named tuple, because accounts are looked up by key at every posting and a tuple hashes fastest.
    """

    venue: str
    type: PositionType
    symbol: str

    def __str__(self) -> str:
        return f"{self.venue}:{self.type.value}:{self.symbol}"

    @classmethod
    def parse(cls, text: str) -> PositionKey:
        """``'binance:Perp:BTCUSDT'`` → key.  Errors: POS-002 for any other form."""
        parts = text.split(":")
        if len(parts) != 3 or parts[1] not in set(PositionType):
            raise BasisError(
                "POS-002",
                f"{text!r} is not a position key",
                expected="venue:type:symbol with type one of " + ", ".join(PositionType),
                found=text,
            )
        return cls(parts[0], PositionType(parts[1]), parts[2])

    @property
    def asset(self) -> str:
        match self.type:
            case PositionType.PERP:
                return self.symbol.removesuffix("USDT")
            case PositionType.A_TOKEN:
                return self.symbol.removeprefix("a")
            case PositionType.DEBT_TOKEN:
                return self.symbol.removeprefix("variableDebt")
            case _:
                return self.symbol


WALLET = "wallet"
TRANSIT = "transit"
"""Holds what has left one account and not reached the other yet."""

WALLET_USDT = PositionKey(WALLET, PositionType.BASE_TOKEN, "USDT")
WALLET_ETH = PositionKey(WALLET, PositionType.BASE_TOKEN, "ETH")


def base_token(venue: str, token: str) -> PositionKey:
    return PositionKey(venue, PositionType.BASE_TOKEN, token)


def perp(venue: str, symbol: str) -> PositionKey:
    return PositionKey(venue, PositionType.PERP, symbol)


def debt_token(asset: str, venue: str = "aave_v3") -> PositionKey:
    return PositionKey(venue, PositionType.DEBT_TOKEN, f"variableDebt{asset}")


LST_ISSUERS = {"weETH": "etherfi", "wstETH": "lido"}
"""Liquid staking tokens and the venue that mints and redeems them."""


def wallet_key(token: str) -> PositionKey:
    """The account line of a token held by the Ethereum wallet; WETH is kept as ETH."""
    if token in LST_ISSUERS:
        return PositionKey(LST_ISSUERS[token], PositionType.LST, token)
    return base_token(WALLET, "ETH" if token == "WETH" else token)


def pending_claim(lst: str) -> PositionKey:
    """ETH an issuer owes after an unstaking request, until it can be claimed."""
    return base_token(LST_ISSUERS[lst], "ETH")


def a_token(asset: str, venue: str = "aave_v3") -> PositionKey:
    return PositionKey(venue, PositionType.A_TOKEN, f"a{asset}")
