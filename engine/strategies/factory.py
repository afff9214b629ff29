"""Strategy factory: the one place where a configured strategy name becomes a class."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config import RunConfig
from engine.errors import BasisError
from engine.strategies.basis_trade import BasisTradeStrategy
from engine.strategies.lending import LendingStrategy

STRATEGIES: Mapping[str, type[LendingStrategy] | type[BasisTradeStrategy]] = {
    "lending": LendingStrategy,
    "basis_trade": BasisTradeStrategy,
}


def strategy_class(run: RunConfig) -> type[LendingStrategy] | type[BasisTradeStrategy]:
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
