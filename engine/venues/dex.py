"""Simulated DEX: sells a token of the wallet for ETH at the market rate less slippage.

An LST sells at its market rate, which may lie below the oracle rate it is valued at; a reward token at its pool price.
What is lost against the valuation price is the cost of the swap.
"""

from __future__ import annotations

from engine.errors import BasisError
from engine.instructions import Swap
from engine.market import MarketPanel
from engine.maths.perps import BPS
from engine.positions import LST_ISSUERS, WALLET, WALLET_ETH, PositionType, wallet_key
from engine.valuation import Valuer
from engine.venues.base import Fill


class SimulatedDex:
    def __init__(self, name: str, panel: MarketPanel, valuer: Valuer) -> None:
        self._name = name
        self._panel = panel
        self._valuer = valuer
        self._eth_price = valuer.token_price(WALLET, "ETH")

    def execute(self, instruction: Swap, hour: int) -> tuple[Fill, ...]:
        token, quantity = instruction.token, instruction.quantity
        eth_price = float(self._eth_price[hour])
        rate = self._rate(token, hour)
        bps = self.slippage_bps(token, quantity * rate, hour)
        received = quantity * rate * (1.0 - bps * BPS)
        valued = quantity * float(self._valuer.unit_value(wallet_key(token)).unit[hour]) * self._in_eth(hour)
        return (
            Fill(
                "swap",
                self._name,
                token,
                -quantity,
                received / quantity * eth_price,
                ((wallet_key(token), -quantity), (WALLET_ETH, received)),
                {"slippage": valued - received},
                "ETH",
                details={"eth_received": received, "market_rate": rate, "slippage_bps": bps, "valued_eth": valued},
            ),
        )

    def slippage_bps(self, token: str, eth: float, hour: int) -> float:
        """Slippage of selling ``eth`` worth of ``token``, from the execution-cost table."""
        pair = f"ETH_{token}" if token in LST_ISSUERS else f"{token}_ETH"
        try:
            curve = self._panel.execution_costs[pair]
        except KeyError:
            raise BasisError(
                "DATA-010",
                f"no execution costs for {pair}",
                expected=f"{pair} in the mode's data_requirements",
                found=", ".join(sorted(self._panel.execution_costs)) or "none",
            ) from None
        return curve.cost_bps(int(self._panel.hours[hour]), eth * float(self._eth_price[hour]))

    def _rate(self, token: str, hour: int) -> float:
        """ETH per token that the market pays."""
        if wallet_key(token).type is PositionType.LST:
            return float(self._panel.market_rate[token][hour])
        return float(self._panel.spot[f"uniswap:{token}WETH"][hour])

    def _in_eth(self, hour: int) -> float:
        """ETH per unit of the share-class currency."""
        return float(self._valuer.numeraire[hour] / self._eth_price[hour])
