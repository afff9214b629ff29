"""Position keys, ``venue:type:symbol`` (mechanics §3), and what stands behind each type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class PositionKey:
    """One account line.  ``asset`` is the token whose price moves it (``BTC`` for ``BTCUSDT``)."""

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
WALLET_USDT = PositionKey(WALLET, PositionType.BASE_TOKEN, "USDT")
WALLET_ETH = PositionKey(WALLET, PositionType.BASE_TOKEN, "ETH")


def base_token(venue: str, token: str) -> PositionKey:
    return PositionKey(venue, PositionType.BASE_TOKEN, token)


def perp(venue: str, symbol: str) -> PositionKey:
    return PositionKey(venue, PositionType.PERP, symbol)


def a_token(asset: str, venue: str = "aave_v3") -> PositionKey:
    return PositionKey(venue, PositionType.A_TOKEN, f"a{asset}")
