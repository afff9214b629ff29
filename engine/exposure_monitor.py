"""Exposure monitor: how many units of each asset we are long or short, on chain and on exchanges.

``net = on-chain + exchange``; an LST or an aToken counts as the units of the asset it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.ledger import Ledger
from engine.market import FloatArray
from engine.position_monitor import Positions
from engine.valuation import UnitValue


@dataclass(frozen=True, slots=True)
class Exposure:
    """Signed units of one asset over a stretch, (hours,), and the value of the net in ``N``."""

    onchain_delta: FloatArray
    exchange_delta: FloatArray
    net_delta: FloatArray
    net_delta_value: FloatArray


class ExposureMonitor:
    """Derives exposures for the assets the mode declares; ``prices`` are (n,) in ``N``."""

    def __init__(
        self,
        ledger: Ledger,
        unit_values: Sequence[UnitValue],
        prices: Mapping[str, FloatArray],
        exchanges: frozenset[str],
    ) -> None:
        self.assets = tuple(prices)
        self._prices = prices
        self._terms: dict[str, list[tuple[int, FloatArray, bool]]] = {asset: [] for asset in prices}
        for position, (key, unit_value) in enumerate(zip(ledger.keys, unit_values, strict=True)):
            if unit_value.asset in self._terms:
                self._terms[unit_value.asset].append((position, unit_value.exposure, key.venue in exchanges))

    def measure(self, positions: Positions) -> dict[str, Exposure]:
        """Exposure of every declared asset over the stretch of ``positions``."""
        hours, result = positions.hours, {}
        for asset, terms in self._terms.items():
            onchain = np.zeros(positions.stop - positions.start)
            exchange = np.zeros(positions.stop - positions.start)
            for position, exposure, on_exchange in terms:
                quantity = positions.quantities[position]
                if on_exchange:
                    exchange += quantity * exposure[hours]
                else:
                    onchain += quantity * exposure[hours]
            net = onchain + exchange
            result[asset] = Exposure(onchain, exchange, net, net * self._prices[asset][hours])
        return result
