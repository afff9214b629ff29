"""Gas on Ethereum: ``gas units · gas price · 1e-9`` ETH, paid from the wallet at the price of the hour."""

from __future__ import annotations

from engine.config import VenueConfig
from engine.market import MarketPanel
from engine.positions import WALLET_ETH
from engine.venues.base import Fill

GWEI = 1e-9


class GasStation:
    """Prices an operation with the node's dated gas units and the panel's gas price."""

    def __init__(self, node: VenueConfig, panel: MarketPanel) -> None:
        self._node = node
        self._panel = panel

    def pay(self, operation: str, hour: int, eth_price: float) -> Fill:
        """The gas of one operation as a fill; ``eth_price`` in USDT is recorded with it."""
        units = self._node.parameter(f"gas_units.{operation}", int(self._panel.hours[hour]))
        assert self._panel.gas_price_gwei is not None  # noqa: S101 - data requirements are checked at construction
        gwei = float(self._panel.gas_price_gwei[hour])
        eth = units * gwei * GWEI
        return Fill(
            "gas_paid",
            self._node.venue,
            "ETH",
            -eth,
            eth_price,
            ((WALLET_ETH, -eth),),
            {"gas": eth},
            "ETH",
            details={"operation": operation, "gas_units": units, "gas_price_gwei": gwei},
        )
