"""Strategy factory: the one place where a configured strategy name becomes a class."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config import RunConfig
from engine.errors import BasisError
from engine.strategies.basis_trade import BasisTradeStrategy
from engine.strategies.hedged_staking import HedgedStakingStrategy
from engine.strategies.lending import LendingStrategy
from engine.strategies.staking import StakingStrategy

StrategyClass = type[LendingStrategy] | type[BasisTradeStrategy] | type[StakingStrategy] | type[HedgedStakingStrategy]

STRATEGIES: Mapping[str, StrategyClass] = {
    "lending": LendingStrategy,
    "basis_trade": BasisTradeStrategy,
    "staking": StakingStrategy,
    "leveraged_staking": StakingStrategy,
    "hedged_staking": HedgedStakingStrategy,
}


def strategy_class(run: RunConfig) -> StrategyClass:
    """Class of the run's strategy.  Errors: STR-001, listing what is registered."""
    try:
        return STRATEGIES[run.mode.strategy]
    except KeyError:
        raise BasisError(
            "STR-001",
            f"mode {run.mode.mode} asks for strategy {run.mode.strategy!r}, which the engine does not have",
            expected="one of " + ", ".join(sorted(STRATEGIES)),
            looked_in="engine/strategies/factory.py",
            found=run.mode.strategy,
        ) from None
