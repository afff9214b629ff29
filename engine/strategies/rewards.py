"""Reward tokens: what a mode takes, and when it is worth selling them.

KING arrives at payouts and is dust until it is unwrapped into EIGEN and ETHFI and sold for ETH, with gas and slippage,
which is done when the tokens together are worth more than the mode's dust threshold, and the sale more than its gas.
"""

from __future__ import annotations

import numpy as np

from engine.config import RunConfig
from engine.config.data_needs import REWARD_TOKENS
from engine.instructions import Action, Block, ContractCall, Decision, Swap
from engine.market import BoolArray
from engine.maths.perps import BPS
from engine.positions import PositionKey, wallet_key
from engine.strategies.base import Snapshot, StrategyContext

UNWRAP = "UNWRAP_KING_TOKEN"


class RewardDesk:
    def __init__(self, context: StrategyContext) -> None:
        self._ledger = context.ledger
        self._gas, self._dex = context.gas, context.dex
        self._tokens = reward_tokens(context.run)
        self._threshold = context.run.mode.dust_threshold_usd
        self._prices = {
            token: context.panel.spot[f"uniswap:{token}WETH"] * context.valuer.token_price("wallet", "ETH")
            for token in self._tokens
        }
        self._eth = {token: context.panel.spot[f"uniswap:{token}WETH"] for token in self._tokens}

    @staticmethod
    def accounts(run: RunConfig) -> tuple[PositionKey, ...]:
        return tuple(wallet_key(token) for token in reward_tokens(run))

    def worth_selling(self, snapshot: Snapshot) -> BoolArray:
        """(hours,) True where the reward tokens are worth more than the threshold, in USDT, and can pay their gas."""
        worth = np.zeros(len(snapshot))
        for token in self._tokens:
            worth += self._ledger.quantity(wallet_key(token)) * self._prices[token][snapshot.start : snapshot.stop]
        sold: BoolArray = worth > (self._threshold if self._threshold is not None else np.inf)
        for offset in np.flatnonzero(sold).tolist():
            sold[offset] = bool(self.sell(snapshot.start + offset))
        return sold

    def sale(self, hour: int) -> Decision:
        """The action of an hour that sells dust and does nothing else."""
        return Decision(Action.SELL_DUST, "position", "reward tokens are worth selling", self.sell(hour))

    def sell(self, hour: int) -> tuple[Block, ...]:
        """Sell the reward tokens that yield more than their gas, then pay for unwrapping out of the proceeds.

        Nothing when the proceeds would not pay for it all.
        """
        proceeds = {token: self._proceeds(token, hour) for token in self._tokens}
        swaps = tuple(
            Swap("dex", token, self._ledger.quantity(wallet_key(token))) for token, eth in proceeds.items() if eth > 0.0
        )
        if sum(max(eth, 0.0) for eth in proceeds.values()) <= self._gas.cost(UNWRAP, hour):
            return ()
        return (Block("sell dust", (*swaps, ContractCall("etherfi", UNWRAP))),)

    def _proceeds(self, token: str, hour: int) -> float:
        """ETH that selling all of a token leaves once its gas is paid."""
        eth = self._ledger.quantity(wallet_key(token)) * float(self._eth[token][hour])
        slippage = self._dex.slippage_bps(token, eth, hour) * BPS
        return eth * (1.0 - slippage) - self._gas.cost("TOKEN_SWAP", hour)


def reward_tokens(run: RunConfig) -> tuple[str, ...]:
    return () if run.mode.rewards_mode is None else REWARD_TOKENS[run.mode.rewards_mode]
