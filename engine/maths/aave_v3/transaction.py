"""One call's working copy of the pool: token movements and flags, kept or thrown away as a whole.

Sources: ``ScaledBalanceTokenBase.sol``, ``AToken.sol``, ``VariableDebtToken.sol``, ``UserConfiguration.sol``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.maths.aave_v3.account import AccountData, account_data
from engine.maths.aave_v3.market import Market, ReserveConfig
from engine.maths.aave_v3.refusals import Refusal
from engine.maths.aave_v3.reserve import normalized_debt, normalized_income, update_rates, update_state
from engine.maths.aave_v3.state import PoolState, ReserveState, UserState


@dataclass(frozen=True, slots=True)
class Event:
    """What a call did: ``name`` as the contract's event, amounts in token units of the asset named beside them."""

    name: str
    asset: str
    amount: int
    collateral_asset: str = ""
    collateral_amount: int = 0


class Transaction:
    """Mutable while one call runs; ``commit`` gives the state after it, a refusal leaves the old state as it was."""

    def __init__(self, state: PoolState, market: Market) -> None:
        self.market = market
        self.rules = market.rules
        self.tokens = market.rules.tokens
        self.reserves: dict[str, ReserveState] = dict(state.reserves)
        self.users: dict[str, UserState] = dict(state.users)
        self.events: list[Event] = []

    def commit(self) -> PoolState:
        """The state after the call."""
        return PoolState(self.reserves, self.users)

    def user(self, name: str) -> UserState:
        """The account of ``name`` as it is now."""
        return self.users.get(name, UserState())

    def account(self, name: str) -> AccountData:
        """Account data of ``name`` as it is now."""
        return account_data(self.market, self.reserves, self.user(name))

    def config(self, asset: str) -> ReserveConfig:
        """Risk parameters of a reserve."""
        return self.market.reserves[asset]

    def income_index(self, asset: str) -> int:
        """Supply index (ray) at the block's time."""
        return normalized_income(self.reserves[asset], self.market.timestamp)

    def debt_index(self, asset: str) -> int:
        """Borrow index (ray) at the block's time."""
        return normalized_debt(self.reserves[asset], self.market.timestamp, self.rules)

    def supply_balance(self, name: str, asset: str) -> int:
        """aToken balance, token units."""
        return self.tokens.supply_balance(self.user(name).supplied(asset), self.income_index(asset))

    def debt_balance(self, name: str, asset: str) -> int:
        """Variable debt, token units."""
        return self.tokens.debt_balance(self.user(name).owed(asset), self.debt_index(asset))

    def update_state(self, asset: str) -> None:
        """Bring a reserve's indices to the block's time."""
        self.reserves[asset] = update_state(self.reserves[asset], self.config(asset), self.market.timestamp, self.rules)

    def update_rates(self, asset: str, *, added: int = 0, taken: int = 0) -> None:
        """Set a reserve's rates for the liquidity after a movement."""
        self.reserves[asset] = update_rates(self.reserves[asset], self.config(asset), self.rules, added, taken)

    def pull(self, name: str, asset: str, amount: int) -> None:
        """Tokens from a wallet into the pool."""
        self._to_wallet(name, asset, -amount)

    def push(self, name: str, asset: str, amount: int) -> None:
        """Tokens from the pool into a wallet."""
        self._to_wallet(name, asset, amount)

    def mint_supply(self, name: str, asset: str, scaled: int) -> bool:
        """Mint scaled aTokens; True when they are the account's first."""
        first = self.user(name).supplied(asset) == 0
        self._require_nonzero(scaled, Refusal.INVALID_MINT_AMOUNT)
        self._change_supply(name, asset, scaled)
        self._change_totals(asset, supply=scaled)
        return first

    def burn_supply(self, name: str, asset: str, scaled: int) -> bool:
        """Burn scaled aTokens; True when none is left."""
        self._require_nonzero(scaled, Refusal.INVALID_BURN_AMOUNT)
        self._change_supply(name, asset, -scaled)
        self._change_totals(asset, supply=-scaled)
        return self.user(name).supplied(asset) == 0

    def move_supply(self, sender: str, recipient: str, asset: str, scaled: int) -> None:
        """Move scaled aTokens between accounts."""
        self._change_supply(sender, asset, -scaled)
        self._change_supply(recipient, asset, scaled)

    def mint_debt(self, name: str, asset: str, scaled: int) -> bool:
        """Mint scaled debt; True when it is the account's first."""
        first = self.user(name).owed(asset) == 0
        self._require_nonzero(scaled, Refusal.INVALID_MINT_AMOUNT)
        self._change_debt(name, asset, scaled)
        return first

    def burn_debt(self, name: str, asset: str, scaled: int) -> bool:
        """Burn scaled debt; True when none is left."""
        self._require_nonzero(scaled, Refusal.INVALID_BURN_AMOUNT)
        self._change_debt(name, asset, -scaled)
        return self.user(name).owed(asset) == 0

    def flag_collateral(self, name: str, asset: str, on: bool) -> None:
        """Switch the use of a supply as collateral."""
        user = self.user(name)
        flags = user.collateral | {asset} if on else user.collateral - {asset}
        self.users[name] = replace(user, collateral=flags)

    def flag_borrowing(self, name: str, asset: str, on: bool) -> None:
        """Mark an account as owing an asset or not."""
        user = self.user(name)
        flags = user.borrowing | {asset} if on else user.borrowing - {asset}
        self.users[name] = replace(user, borrowing=flags)

    def record(self, event: Event) -> None:
        """Note what the call did."""
        self.events.append(event)

    def _to_wallet(self, name: str, asset: str, amount: int) -> None:
        user, reserve = self.user(name), self.reserves[asset]
        held = user.held(asset) + amount
        # under virtual accounting the book entry already moved with the rates
        available = reserve.available if self.rules.virtual_accounting else reserve.available - amount
        if held < 0 or available < 0:
            raise self.rules.refused(Refusal.TRANSFER_EXCEEDS_BALANCE)
        self.users[name] = replace(user, wallet={**user.wallet, asset: held})
        self.reserves[asset] = replace(reserve, available=available)

    def _change_supply(self, name: str, asset: str, scaled: int) -> None:
        user = self.user(name)
        self.users[name] = replace(user, scaled_supply=self._changed(user.scaled_supply, asset, scaled))

    def _change_debt(self, name: str, asset: str, scaled: int) -> None:
        user = self.user(name)
        self.users[name] = replace(user, scaled_debt=self._changed(user.scaled_debt, asset, scaled))
        self._change_totals(asset, debt=scaled)

    def _change_totals(self, asset: str, *, supply: int = 0, debt: int = 0) -> None:
        reserve = self.reserves[asset]
        self.reserves[asset] = replace(
            reserve, scaled_supply=reserve.scaled_supply + supply, scaled_debt=reserve.scaled_debt + debt
        )

    def _changed(self, balances: Mapping[str, int], asset: str, change: int) -> dict[str, int]:
        balance = balances.get(asset, 0) + change
        if balance < 0:
            raise self.rules.refused(Refusal.ARITHMETIC_UNDERFLOW)
        return {**balances, asset: balance}

    def _require_nonzero(self, scaled: int, otherwise: Refusal) -> None:
        if scaled == 0:
            raise self.rules.refused(otherwise)
