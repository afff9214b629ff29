"""Simulated exchange: market orders on spot and perpetuals, filled at the hour's price moved against us.

``fill = price · (1 ± slippage)``, then the taker fee on the fill's notional, paid in USDT (mechanics §7).
Slippage comes from the execution-cost table by pair and size bucket.
"""

from __future__ import annotations

from engine.config import VenueConfig
from engine.errors import BasisError
from engine.instructions import PerpTrade, SpotTrade
from engine.ledger import Ledger
from engine.market import ExecutionCostCurve, MarketPanel, iso_hour
from engine.maths.perps import BPS, apply_trade, fill_price
from engine.positions import base_token, perp
from engine.venues.base import Fill


class SimulatedExchange:
    def __init__(self, venue: VenueConfig, ledger: Ledger, panel: MarketPanel) -> None:
        self._venue = venue
        self._name = venue.venue
        self._ledger = ledger
        self._panel = panel

    def execute(self, instruction: SpotTrade | PerpTrade, hour: int) -> tuple[Fill, ...]:
        if self._panel.is_frozen(self._name, hour):
            raise BasisError("EXE-001", f"{self._name} is frozen at {self._when(hour)}", found="an order")
        if isinstance(instruction, SpotTrade):
            return (self._spot(instruction, hour),)
        return (self._perp(instruction, hour),)

    def _spot(self, trade: SpotTrade, hour: int) -> Fill:
        price = float(self._panel.spot[f"{self._name}:{trade.base}USDT"][hour])
        fill, slippage_bps, bucket = self._fill(f"{trade.base}_USDT", price, trade.quantity, hour)
        notional = trade.quantity * fill
        fee = abs(notional) * self._fee("spot.taker_fee_bps", hour)
        cash = base_token(self._name, "USDT")
        spent = notional + fee
        if spent > self._ledger.quantity(cash):
            raise BasisError(
                "EXE-001",
                f"{self._name} refuses to buy {trade.quantity} {trade.base} at {self._when(hour)}",
                expected=f"{spent:.2f} USDT in the account",
                found=f"{self._ledger.quantity(cash):.2f} USDT",
            )
        return Fill(
            "spot_trade",
            self._name,
            trade.base,
            trade.quantity,
            fill,
            ((base_token(self._name, trade.base), trade.quantity), (cash, -spent)),
            {"trading_fees": fee, "slippage": trade.quantity * (fill - price)},
            details={"reference_price": price, "slippage_bps": slippage_bps, "size_bucket_usd": bucket, "fee": fee},
        )

    def _perp(self, trade: PerpTrade, hour: int) -> Fill:
        key = perp(self._name, trade.symbol)
        mark = float(self._panel.perp[f"{self._name}:{trade.symbol}"][hour])
        fill, slippage_bps, bucket = self._fill(f"{trade.symbol}-PERP", mark, trade.quantity, hour)
        fee = abs(trade.quantity) * fill * self._fee("perp.taker_fee_bps", hour)
        after = apply_trade(self._ledger.quantity(key), self._ledger.entry(key), trade.quantity, fill)
        return Fill(
            "perp_trade", self._name, trade.symbol, trade.quantity, fill,
            ((key, trade.quantity), (base_token(self._name, "USDT"), after.realised - fee)),
            {"trading_fees": fee, "slippage": trade.quantity * (fill - mark)},
            entry=after.entry,
            details={
                "mark": mark, "slippage_bps": slippage_bps, "size_bucket_usd": bucket, "fee": fee,
                "realised_pnl": after.realised, "entry_price": after.entry,
            },
        )  # fmt: skip

    def liquidate(self, symbol: str, hour: int) -> Fill:
        """The venue closes a position at the mark and keeps its liquidation fee.

        The account cannot owe more than it holds: a loss beyond that is borne by the venue.
        """
        key, cash = perp(self._name, symbol), base_token(self._name, "USDT")
        size, entry = self._ledger.quantity(key), self._ledger.entry(key)
        mark = float(self._panel.perp[f"{self._name}:{symbol}"][hour])
        realised = apply_trade(size, entry, -size, mark).realised
        left = self._ledger.quantity(cash) + realised
        charged = abs(size) * mark * self._fee("perp.liquidation_fee_bps", hour)
        fee = min(charged, max(left, 0.0))
        shortfall = max(-left, 0.0)
        return Fill(
            "liquidation",
            self._name,
            symbol,
            -size,
            mark,
            ((key, -size), (cash, realised - fee + shortfall)),
            {"liquidation_pnl": fee - shortfall},
            entry=0.0,
            details={
                "mark": mark,
                "realised_pnl": realised,
                "fee": fee,
                "fee_charged": charged,
                "borne_by_venue": shortfall,
            },
        )

    def _fill(self, pair: str, price: float, quantity: float, hour: int) -> tuple[float, float, float]:
        """Fill price, slippage in bps, and the size bucket it was read from."""
        curve = self._curve(pair)
        notional = abs(quantity) * price
        bps = curve.cost_bps(int(self._panel.hours[hour]), notional)
        side = 1.0 if quantity > 0 else -1.0
        filled: float = fill_price(price, side, bps)
        return filled, bps, float(curve.sizes_usd[curve.bucket(notional)])

    def _curve(self, pair: str) -> ExecutionCostCurve:
        try:
            return self._panel.execution_costs[pair]
        except KeyError:
            raise BasisError(
                "DATA-010",
                f"no execution costs for {pair}",
                expected=f"{pair} in the mode's data_requirements",
                found=", ".join(sorted(self._panel.execution_costs)) or "none",
            ) from None

    def _fee(self, key: str, hour: int) -> float:
        return self._venue.parameter(key, int(self._panel.hours[hour])) * BPS

    def _when(self, hour: int) -> str:
        return iso_hour(int(self._panel.hours[hour]))
