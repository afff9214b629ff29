"""What one stored unit of each position is worth, hour by hour, and why that changes (mechanics §3, §4).

A stored quantity ``q`` is worth ``q · index · rate · price`` in the share-class currency ``N``.  Its change
over ``[T−1, T]`` is telescoped in a fixed order, index then LST rate then price, so the parts add up exactly:

    q·(I1 − I0)·r0·p0  +  q·I1·(r1 − r0)·p0  +  q·I1·r1·(p1 − p0)

A perpetual is worth ``z·(m − e)``; its change splits into ``z·(p1 − p0)`` with the spot price and
``z·((m1 − p1) − (m0 − p0))``.  All arrays are computed once for the whole window.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.config import ModeConfig
from engine.errors import BasisError
from engine.market import FloatArray, MarketPanel
from engine.positions import LST_ISSUERS, PositionKey, PositionType

COMPONENTS = (
    "supply_yield", "staking_yield_oracle", "borrow_costs", "delta_pnl", "basis_pnl", "funding_pnl",
    "staking_yield_rewards", "dust_pnl", "gas", "trading_fees", "slippage", "flash_loan_fee", "liquidation_pnl",
)  # fmt: skip
"""P&L components in the order of mechanics §4, transaction costs split by kind."""

COMPONENT_INDEX: Mapping[str, int] = {name: position for position, name in enumerate(COMPONENTS)}


@dataclass(frozen=True, slots=True)
class UnitValue:
    """One stored unit of a position over the window, in ``N``.

    ``unit`` (n,): value of a unit (the mark for a perpetual).  ``steps``: component → (n,) P&L of a unit over
    the hour that ends at each boundary; entry 0 is zero, nothing is held into the first hour.
    ``exposure`` (n,): signed units of ``asset`` that a stored unit stands for.  ``tokens`` (n,): tokens it stands
    for, the index of a scaled balance and 1 for everything else.
    """

    asset: str
    unit: FloatArray
    exposure: FloatArray
    steps: Mapping[str, FloatArray]
    tokens: FloatArray


def _steps(now: FloatArray) -> FloatArray:
    return np.diff(now, prepend=now[:1])


def _shifted(array: FloatArray) -> FloatArray:
    """The value one hour earlier; the first hour repeats itself (its step is zero anyway)."""
    return np.concatenate((array[:1], array[:-1]))


class Valuer:
    """Builds unit values from a panel for one mode; the only place that knows where a price comes from."""

    def __init__(self, panel: MarketPanel, mode: ModeConfig, currency: str) -> None:
        self._panel = panel
        self._mode = mode
        self._ones = np.ones(len(panel))
        self._made: dict[PositionKey, UnitValue] = {}
        self.numeraire = self._ones if currency == "USDT" else self.token_price("wallet", currency)

    def token_price(self, venue: str, token: str) -> FloatArray:
        """(n,) USDT per token: the venue's own spot price, else the mode's price venue; reward tokens by their pool."""
        if token == "USDT":
            return self._ones
        token = "ETH" if token == "WETH" else token
        pool = f"uniswap:{token}WETH"
        if pool in self._panel.spot:
            return self._panel.spot[pool] * self.token_price(venue, "ETH")
        key = f"{venue}:{token}USDT"
        if key not in self._panel.spot:
            source = self._mode.price_venue.get(token)
            key = f"{source}:{token}USDT"
        try:
            return self._panel.spot[key]
        except KeyError:
            raise BasisError(
                "DATA-010",
                f"no spot price values {token} held at {venue}",
                expected=f"series {key} among the spot prices",
                looked_in="the run's market panel",
                found=", ".join(sorted(self._panel.spot)) or "no spot prices",
            ) from None

    def unit_value(self, key: PositionKey) -> UnitValue:
        """Unit value of one account line.  Errors: DATA-010 when a series it needs is not in the panel."""
        if key not in self._made:
            self._made[key] = self._perp(key) if key.type is PositionType.PERP else self._holding(key)
        return self._made[key]

    def _holding(self, key: PositionKey) -> UnitValue:
        sign = -1.0 if key.type is PositionType.DEBT_TOKEN else 1.0
        index = self._index(key)
        rate, underlying = self._rate(key.asset)
        price = self.token_price(key.venue, underlying) / self.numeraire
        held = index * rate
        steps: dict[str, FloatArray] = {}
        if key.type in (PositionType.A_TOKEN, PositionType.DEBT_TOKEN):
            component = "supply_yield" if sign > 0 else "borrow_costs"
            steps[component] = sign * _steps(index) * _shifted(rate) * _shifted(price)
        if rate is not self._ones:
            steps["staking_yield_oracle"] = sign * index * _steps(rate) * _shifted(price)
        moved = sign * held * _steps(price)
        if moved.any():
            steps["dust_pnl" if f"uniswap:{underlying}WETH" in self._panel.spot else "delta_pnl"] = moved
        return UnitValue(underlying, sign * held * price, sign * held, steps, index)

    def _perp(self, key: PositionKey) -> UnitValue:
        series = f"{key.venue}:{key.symbol}"
        mark = self._series(self._panel.perp, series, "perpetual prices") / self.numeraire
        spot = self.token_price(self._mode.spot_venue or key.venue, key.asset) / self.numeraire
        steps = {"delta_pnl": _steps(spot), "basis_pnl": _steps(mark - spot)}
        return UnitValue(key.asset, mark, self._ones, steps, self._ones)

    def _index(self, key: PositionKey) -> FloatArray:
        if key.type is PositionType.A_TOKEN:
            return self._series(self._panel.liquidity_index, key.asset, "liquidity indices")
        if key.type is PositionType.DEBT_TOKEN:
            return self._series(self._panel.borrow_index, key.asset, "variable borrow indices")
        return self._ones

    def _rate(self, asset: str) -> tuple[FloatArray, str]:
        """Rate to the underlying token: an LST's exchange rate to ETH, 1 for everything else."""
        if asset == "WETH":
            return self._ones, "ETH"
        if asset not in LST_ISSUERS:
            return self._ones, asset
        rates = self._panel.oracle_rate if self._mode.valuation == "oracle" else self._panel.market_rate
        return self._series(rates, asset, f"{self._mode.valuation} rates"), "ETH"

    @staticmethod
    def _series(table: Mapping[str, FloatArray], name: str, what: str) -> FloatArray:
        try:
            return table[name]
        except KeyError:
            raise BasisError(
                "DATA-010",
                f"the panel has no {name} among its {what}",
                expected=f"{name} in the mode's data_requirements",
                found=", ".join(sorted(table)) or "none",
            ) from None

    def unit_values(self, keys: Iterable[PositionKey]) -> list[UnitValue]:
        return [self.unit_value(key) for key in keys]
