"""The ledger: one function changes balances, and the postings rebuild every one of them."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BasisError
from engine.ledger import Ledger
from engine.positions import WALLET_ETH, WALLET_USDT, PositionKey, PositionType, a_token, perp

SHORT = perp("binance", "BTCUSDT")
KEYS = (WALLET_USDT, WALLET_ETH, SHORT)


@given(st.lists(st.tuples(st.sampled_from([WALLET_ETH, SHORT]), st.floats(-1e6, 1e6)), max_size=60))
def test_replayed_postings_rebuild_every_balance(operations: list[tuple[PositionKey, float]]) -> None:
    ledger = Ledger(KEYS, overdraft=[WALLET_ETH])
    for seq, (key, delta) in enumerate(operations, start=1):
        ledger.post(seq, 0, 3600 * seq, key, delta)
    replayed: dict[str, float] = defaultdict(float)
    postings = ledger.postings
    for key_text, delta, after in zip(postings.position_key, postings.delta, postings.balance_after, strict=True):
        replayed[key_text] += delta
        assert replayed[key_text] == after
    for key in KEYS:
        assert replayed[str(key)] == ledger.quantity(key)


def test_an_account_may_not_be_overdrawn_and_nothing_is_posted() -> None:
    ledger = Ledger(KEYS)
    ledger.post(1, 0, 0, WALLET_USDT, 100.0)
    with pytest.raises(BasisError, match="POS-001") as refusal:
        ledger.post(2, 0, 0, WALLET_USDT, -100.01)
    assert "wallet:BaseToken:USDT" in str(refusal.value)
    assert ledger.quantity(WALLET_USDT) == 100.0
    assert len(ledger.postings) == 1


def test_rounding_of_a_full_withdrawal_leaves_exactly_nothing() -> None:
    ledger = Ledger(KEYS)
    ledger.post(1, 0, 0, WALLET_USDT, 0.1 + 0.2)
    ledger.post(2, 0, 0, WALLET_USDT, -0.30000000000000009)
    assert ledger.quantity(WALLET_USDT) == 0.0
    assert sum(ledger.postings.delta) == 0.0


def test_an_unknown_account_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BasisError, match="POS-002") as refusal:
        Ledger(KEYS).post(1, 0, 0, a_token("USDT"), 1.0)
    assert "binance:Perp:BTCUSDT" in str(refusal.value)


@pytest.mark.parametrize("text", ["binance:Perp", "binance:perp:BTCUSDT", "a:b:c:d", ""])
def test_malformed_position_keys_are_refused(text: str) -> None:
    with pytest.raises(BasisError, match="POS-002"):
        PositionKey.parse(text)


def test_position_keys_read_back() -> None:
    key = PositionKey.parse("aave_v3:aToken:aUSDT")
    assert (key.type, key.asset, str(key)) == (PositionType.A_TOKEN, "USDT", "aave_v3:aToken:aUSDT")
    assert PositionKey.parse("aave_v3:debtToken:variableDebtWETH").asset == "WETH"
