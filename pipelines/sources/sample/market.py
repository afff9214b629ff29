"""The whole synthetic market: one draw of every process, from which all files are written."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.sources.sample.funding import settlement_rates
from pipelines.sources.sample.gas import Gas, simulate_gas
from pipelines.sources.sample.lending import MODELS, Reserve, simulate_reserve
from pipelines.sources.sample.prices import ASSETS, VENUES, PricePaths, simulate_prices
from pipelines.sources.sample.processes import FloatArray, IntArray
from pipelines.sources.sample.regimes import volatility_states
from pipelines.sources.sample.staking import LSTS, Lst, simulate_lst
from pipelines.sources.sample.window import SampleWindow


@dataclass(frozen=True)
class Market:
    """Everything a sample holds before it becomes text."""

    window: SampleWindow
    seed: int
    states: IntArray
    prices: PricePaths
    funding: dict[tuple[str, str], FloatArray]
    reserves: dict[str, Reserve]
    lsts: dict[str, Lst]
    gas: Gas

    @property
    def eth_at_midnights(self) -> FloatArray:
        """ETH in USD at every midnight, as the lending protocol's oracle sees it."""
        return self.prices.fair["ETH"][::24].round(8)


def simulate(window: SampleWindow, seed: int) -> Market:
    """Draw the market of a window.  The same arguments give the same market."""
    states = volatility_states(window, seed)
    prices = simulate_prices(window, states, seed)
    return Market(
        window,
        seed,
        states,
        prices,
        {
            (venue, asset): settlement_rates(prices.premium[venue, asset], venue, asset)
            for venue in VENUES
            for asset in ASSETS
        },
        {asset: simulate_reserve(asset, window, seed) for asset in MODELS},
        {name: simulate_lst(name, window, seed) for name in LSTS},
        simulate_gas(window, seed),
    )
