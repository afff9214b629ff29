"""Level 4, the part a file can show: a mode must ask for exactly the series its strategy reads.

Whether the data cover a window is asked where the data are; this module says which series that question is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.config.mode import DataRequirements, ModeConfig
from engine.config.rules import Catalog, Finding, ModeRule, has_trait

REWARD_TOKENS: Mapping[str, tuple[str, ...]] = {
    "base_only": (),
    "base_eigen": ("EIGEN",),
    "base_eigen_seasonal": ("EIGEN", "ETHFI"),
}


def needed_data(mode: ModeConfig) -> DataRequirements:
    """The series the mode's strategy reads, in a fixed order.

    Spot: the traded asset on its spot venue, each priced token on its price venue, each reward token on its DEX.
    Perp prices and funding: the asset on every hedge venue.  Aave: the lent asset, or the LST and the WETH borrowed.
    Execution costs: the spot and perp pair of a hedge, the LST's exit swap, the reward tokens' sale.
    """
    lst = mode.lst_token
    rewards = () if mode.rewards_mode is None else REWARD_TOKENS[mode.rewards_mode]
    hedges = tuple(f"{venue}:{mode.perp_symbol}" for venue in mode.hedge_venues)
    spot = [f"{venue}:{token}USDT" for token, venue in mode.price_venue.items()]
    costs: list[str] = []
    if mode.spot_venue is not None:
        spot.append(f"{mode.spot_venue}:{mode.perp_symbol}")
    if hedges:
        costs += [f"{mode.perp_symbol}-PERP", f"{mode.asset}_USDT"]
    if lst is not None:
        costs.append(f"ETH_{lst}")
    spot += [reward_price_series(token) for token in rewards]
    costs += [f"{token}_ETH" for token in rewards]
    return DataRequirements(
        spot_prices=tuple(dict.fromkeys(spot)),
        perp_prices=hedges,
        funding_rates=hedges,
        aave_reserves=_aave_reserves(mode),
        lst_rates=() if lst is None else (lst,),
        gas_prices=has_trait(mode, "an Ethereum node among the venues"),
        execution_costs=tuple(costs),
        reward_distributions=rewards,
    )


def reward_price_series(token: str) -> str:
    """Reward tokens are priced on Uniswap, in WETH per token."""
    return f"uniswap:{token}WETH"


def _aave_reserves(mode: ModeConfig) -> tuple[str, ...]:
    if not mode.lending_enabled:
        return ()
    supplied = mode.asset if mode.lst_token is None else mode.lst_token
    return (supplied, "WETH") if mode.borrowing_enabled else (supplied,)


def requirements_match_needs(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    needed = needed_data(mode)
    for field in DataRequirements.model_fields:
        asked, needs = getattr(mode.data_requirements, field), getattr(needed, field)
        key = f"data_requirements.{field}"
        if isinstance(needs, bool):
            if asked is not needs:
                yield Finding("CFG-003", key, asked, f"{needs}: gas is paid where an Ethereum node is among the venues")
            continue
        for series in needs:
            if series not in asked:
                yield Finding("CFG-003", key, list(asked), f"{series} as well: the mode reads it")
        for series in asked:
            if series not in needs:
                yield Finding(
                    "CFG-003",
                    key,
                    series,
                    f"only what the mode reads: {', '.join(needs) if needs else 'nothing of this kind'}",
                )
        if len(set(asked)) != len(asked):
            yield Finding("CFG-003", key, list(asked), "each series once")


def prices_cover_tokens(mode: ModeConfig, _catalog: Catalog) -> Iterator[Finding]:
    """A price venue for every token the mode can hold outside an exchange: gas ETH, and the asset itself."""
    tokens = [mode.asset] if mode.asset != "USDT" else []
    if has_trait(mode, "an Ethereum node among the venues") and "ETH" not in tokens:
        tokens.append("ETH")
    for token in tokens:
        if token not in mode.price_venue:
            yield Finding("CFG-003", "price_venue", mode.price_venue, f"a venue for {token} as well")


RULES: tuple[ModeRule, ...] = (requirements_match_needs, prices_cover_tokens)
