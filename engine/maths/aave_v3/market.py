"""What a call finds and cannot change: the clock, oracle prices and the risk parameters of each reserve.

Basis points are out of 10,000 and a bonus includes the principal (10,500 = 5 %), as in ``ReserveConfiguration.sol``
and ``DataTypes.EModeCategory``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.maths.aave_v3.interest import RateStrategy
from engine.maths.aave_v3.ray import WAD
from engine.maths.aave_v3.rules import Rules


@dataclass(frozen=True, slots=True)
class ReserveConfig:
    """Risk parameters of one reserve, in basis points."""

    decimals: int
    ltv: int
    liquidation_threshold: int
    liquidation_bonus: int
    reserve_factor: int
    liquidation_protocol_fee: int
    borrowing_enabled: bool
    strategy: RateStrategy

    @property
    def unit(self) -> int:
        """Smallest units of one token."""
        return int(10**self.decimals)


@dataclass(frozen=True, slots=True)
class EModeCategory:
    """An efficiency mode.  Under 3.0 an asset is in one category or not: both sets are then the same."""

    ltv: int
    liquidation_threshold: int
    liquidation_bonus: int
    collateral: frozenset[str]
    borrowable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Market:
    """The surroundings of one call.

    ``reserves`` is in listing order; ``prices`` are the oracle's, base currency with eight decimals per whole token;
    ``timestamp`` is the block's, epoch seconds; ``treasury`` is the account that receives fees.
    """

    rules: Rules
    reserves: Mapping[str, ReserveConfig]
    emodes: Mapping[int, EModeCategory]
    prices: Mapping[str, int]
    timestamp: int
    treasury: str = "treasury"

    def emode_collateral(self, asset: str, category: int) -> EModeCategory | None:
        """The category whose parameters hold for ``asset`` as collateral, or None outside e-mode."""
        if category == 0 or asset not in self.emodes[category].collateral:
            return None
        return self.emodes[category]

    def collateral_ltv(self, asset: str, category: int) -> int:
        """LTV of ``asset`` for an account in ``category`` (``ValidationLogic.getUserReserveLtv``)."""
        own = self.reserves[asset].ltv
        emode = self.emode_collateral(asset, category)
        if emode is None or (own == 0 and not self.rules.liquid_emode):
            return own
        return emode.ltv

    def collateral_threshold(self, asset: str, category: int) -> int:
        """Liquidation threshold of ``asset`` for an account in ``category``."""
        emode = self.emode_collateral(asset, category)
        return self.reserves[asset].liquidation_threshold if emode is None else emode.liquidation_threshold

    def collateral_bonus(self, asset: str, category: int) -> int:
        """Liquidation bonus of ``asset`` for an account in ``category``."""
        emode = self.emode_collateral(asset, category)
        return self.reserves[asset].liquidation_bonus if emode is None else emode.liquidation_bonus


def lst_price(eth_price: int, exchange_rate: int) -> int:
    """Oracle price of a liquid staking token: ETH price (8 decimals) times exchange rate (wad), rounded down."""
    return eth_price * exchange_rate // WAD
