"""The reward table the pipeline reads, and the three hand-kept tables it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from pipelines.sources.sample.market import Market
from pipelines.sources.sample.processes import stream
from pipelines.sources.sample.rewards import ESTIMATED_APY, Distribution, simulate_rewards
from pipelines.sources.sample.writers import SOURCE, RawFile, csv_file

COLUMNS = (
    "period_start",
    "period_end",
    "payout_date",
    "period_days",
    "reward_type",
    "event_name",
    "eigen_per_eeth_weekly",
    "eigen_price_usd",
    "eth_price_usd",
    "weekly_reward_eth",
    "daily_yield_pct",
    "daily_yield_conservative",
    "daily_yield_aggressive",
    "daily_yield_final",
    "distribution_mechanism",
    "data_source",
    "data_quality",
    "defillama_reward_apy",
    "ethfi_per_eeth",
    "ethfi_price_usd",
    "distribution_eth",
)
RESTAKED = 2.9e6
"""ETH restaked at the start of the sample."""
FOLDER = "manual_sources/etherfi_distributions"


def reward_files(market: Market) -> Iterator[RawFile]:
    """All reward files."""
    rewards = simulate_rewards(market)
    season = "Season 6 (Base)"
    rows = [_eigen_row(item) for item in rewards.eigen]
    rows += [_estimate_row(day) for day in rewards.leftover]
    rows += [_top_up_row(item) for item in rewards.top_ups]
    rows += [_season_row(item, season) for item in rewards.seasons]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    path = f"protocol_data/staking/restaking_final/etherfi_seasonal_rewards_{market.window.span}.csv"
    yield csv_file(path, {name: table[name] for name in COLUMNS})
    yield _eigen_table(market, rewards.eigen)
    yield csv_file(
        f"{FOLDER}/ethfi_topups_raw.csv",
        {
            "top_up_date": [str(item.payout) for item in rewards.top_ups],
            "staking_period_start": [str(item.first) for item in rewards.top_ups],
            "staking_period_end": [str(item.last) for item in rewards.top_ups],
            "ethfi_amount": [round(item.per_eeth * RESTAKED) for item in rewards.top_ups],
            "ethfi_per_eeth_distributed": [f"{item.per_eeth:.3f}" for item in rewards.top_ups],
        },
    )
    yield _drops_table(rewards.seasons, rewards.top_ups, season)


def _eigen_row(item: Distribution) -> dict[str, Any]:
    return _row(item, "EIGEN_via_KING", "EIGEN_Weekly_Distribution", "king_protocol_weekly", "exact") | {
        "eigen_per_eeth_weekly": item.per_eeth,
        "eigen_price_usd": item.token_usd,
        "weekly_reward_eth": item.reward_eth,
        **_yields(item.reward_eth / 7.0, 0.8, 1.2, "daily_yield_pct"),
    }


def _top_up_row(item: Distribution) -> dict[str, Any]:
    name = f"ETHFI_TopUp_{item.payout:%Y%m%d}"
    return _row(item, "ETHFI_via_KING", name, "king_protocol_adhoc_topup", "exact") | {
        **_ethfi(item),
        **_yields(item.reward_eth / _period_days(item), 0.9, 1.1, "daily_yield_pct"),
    }


def _season_row(item: Distribution, season: str) -> dict[str, Any]:
    return _row(item, "ETHFI_Seasonal_Airdrop", season, "seasonal_airdrop", "estimated") | {
        **_ethfi(item),
        **_yields(item.reward_eth / _period_days(item), 0.7, 1.3, "daily_yield_conservative"),
    }


def _estimate_row(day: date) -> dict[str, Any]:
    return {
        "period_start": str(day),
        "period_end": str(day),
        "payout_date": str(day),
        "period_days": 1,
        "reward_type": "EIGEN_via_DEFILLAMA",
        "event_name": "EIGEN_DeFiLlama_Approximation",
        "distribution_mechanism": "defillama_approximation",
        "data_source": SOURCE,
        "data_quality": "estimated",
        "defillama_reward_apy": ESTIMATED_APY,
        **_yields((1.0 + ESTIMATED_APY) ** (1.0 / 365.0) - 1.0, 0.7, 1.3, "daily_yield_conservative"),
    }


def _row(item: Distribution, kind: str, name: str, mechanism: str, quality: str) -> dict[str, Any]:
    return {
        "period_start": str(item.first),
        "period_end": str(item.last),
        "payout_date": str(item.payout),
        "period_days": _period_days(item),
        "reward_type": kind,
        "event_name": name,
        "eth_price_usd": item.eth_usd,
        "distribution_mechanism": mechanism,
        "data_source": SOURCE,
        "data_quality": quality,
    }


def _period_days(item: Distribution) -> int:
    """End minus start, so 6 for a week: the real table's convention."""
    return (item.last - item.first).days


def _ethfi(item: Distribution) -> dict[str, float]:
    return {"ethfi_per_eeth": item.per_eeth, "ethfi_price_usd": item.token_usd, "distribution_eth": item.reward_eth}


def _yields(daily: float, low: float, high: float, final: str) -> dict[str, float]:
    values = {
        "daily_yield_pct": daily,
        "daily_yield_conservative": low * daily,
        "daily_yield_aggressive": high * daily,
    }
    return values | {"daily_yield_final": values[final]}


def _eigen_table(market: Market, weeks: tuple[Distribution, ...]) -> RawFile:
    """Tokens earned = tokens per eETH · (restaked + not restaked)."""
    rng = stream(market.seed, "eigen table")
    restaked = np.round(RESTAKED * np.cumprod(1.0 + 0.01 * rng.standard_normal(len(weeks))))
    idle = np.round(rng.uniform(9e4, 2.6e5, len(weeks)))
    rate = np.array([item.per_eeth for item in weeks])
    return csv_file(
        f"{FOLDER}/eigen_distributions_raw.csv",
        {
            "staking_period_start": [str(item.first) for item in weeks],
            "staking_period_end": [str(item.last) for item in weeks],
            "eigen_earned": np.round(rate * (restaked + idle)).astype(np.int64),
            "eth_restaked": restaked.astype(np.int64),
            "eth_not_restaked": idle.astype(np.int64),
            "eigen_per_eeth_weekly": [f"{value:.3f}" for value in rate],
        },
    )


def _drops_table(seasons: tuple[Distribution, ...], top_ups: tuple[Distribution, ...], season: str) -> RawFile:
    """Ranges as text beside exact figures, and `#` inside the text, as in the real table."""
    items = [*seasons, *top_ups]
    names = [season] * len(seasons) + [f"Top-Up #{k + 1}" for k in range(len(top_ups))]
    amounts = [f"~{item.per_eeth - 0.5:.1f}–{item.per_eeth + 0.5:.1f}" for item in seasons]
    return csv_file(
        f"{FOLDER}/seasonal_drops.csv",
        {
            "start_date": [str(item.first) for item in items],
            "end_date": [str(item.last) for item in items],
            "payout_date": [str(item.payout) for item in items],
            "event": names,
            "reward_token": "ETHFI",
            "reward_per_eeth": amounts + [f"{item.per_eeth:.3f}" for item in top_ups],
            "extra_yield_pct": [f"~{80 * item.reward_eth:.3f}–{120 * item.reward_eth:.3f}%" for item in items],
            "source_url": SOURCE,
            "notes": "Made up by the sample generator; no real payout.",
        },
    )
