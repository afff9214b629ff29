"""Reward tokens: what a mode takes, and when it is worth selling them.

KING arrives at payouts and is dust until it is unwrapped into EIGEN and ETHFI and sold for ETH, with gas and slippage,
which is done when the tokens together are worth more than the mode's dust threshold.
"""

from __future__ import annotations

import numpy as np

from engine.config import RunConfig
from engine.config.data_needs import REWARD_TOKENS
from engine.instructions import Block, ContractCall, Swap
from engine.market import BoolArray
from engine.positions import PositionKey, wallet_key
from engine.strategies.base import Snapshot, StrategyContext


class RewardDesk:
    def __init__(self, context: StrategyContext) -> None:
        self._ledger = context.ledger
        self._tokens = reward_tokens(context.run)
        self._threshold = context.run.mode.dust_threshold_usd
        self._prices = {
            token: context.panel.spot[f"uniswap:{token}WETH"] * context.valuer.token_price("wallet", "ETH")
            for token in self._tokens
        }

    @staticmethod
    def accounts(run: RunConfig) -> tuple[PositionKey, ...]:
        return tuple(wallet_key(token) for token in reward_tokens(run))

    def worth_selling(self, snapshot: Snapshot) -> BoolArray:
        """(hours,) True where the reward tokens held are worth more than the threshold, in USDT."""
        worth = np.zeros(len(snapshot))
        for token in self._tokens:
            worth += self._ledger.quantity(wallet_key(token)) * self._prices[token][snapshot.start : snapshot.stop]
        return worth > (self._threshold if self._threshold is not None else np.inf)

    def sell(self) -> tuple[Block, ...]:
        """Sell every reward token, then pay for unwrapping out of the proceeds."""
        held = [(token, self._ledger.quantity(wallet_key(token))) for token in self._tokens]
        swaps = tuple(Swap("dex", token, quantity) for token, quantity in held if quantity > 0.0)
        return (Block("sell dust", (*swaps, ContractCall("etherfi", "UNWRAP_KING_TOKEN"))),)


def reward_tokens(run: RunConfig) -> tuple[str, ...]:
    return () if run.mode.rewards_mode is None else REWARD_TOKENS[run.mode.rewards_mode]
