"""Every step the real Aave v3 contracts took, replayed: same answers, same refusals, to the last unit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.maths.aave_v3 import (
    ALL_RULES,
    MAX_AMOUNT,
    Action,
    Borrow,
    EModeCategory,
    Event,
    LiquidationCall,
    Market,
    MintToTreasury,
    PoolState,
    RateStrategy,
    Refused,
    Repay,
    RepayWithATokens,
    ReserveConfig,
    Rules,
    SetUserEMode,
    SetUserUseReserveAsCollateral,
    Supply,
    TransferAToken,
    UserState,
    Withdraw,
    empty_pool,
    execute,
    interest_rates,
    linear_interest,
    lst_price,
    ray,
    user_account_data,
)
from engine.maths.aave_v3.reserve import normalized_debt, normalized_income, total_debt, total_supply

Json = Mapping[str, Any]

VERSIONS = pytest.mark.parametrize("rules", ALL_RULES, ids=lambda rules: rules.version)


def recording(oracles: Path, rules: Rules) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((oracles / f"aave_v{rules.version}.json").read_text())
    return document


def reserve_config(row: Json) -> ReserveConfig:
    return ReserveConfig(
        decimals=row["decimals"],
        ltv=row["ltv"],
        liquidation_threshold=row["lt"],
        liquidation_bonus=row["bonus"],
        reserve_factor=row["rf"],
        liquidation_protocol_fee=row["fee"],
        borrowing_enabled=row["borrow"],
        strategy=RateStrategy(row["opt"], row["base"], row["s1"], row["s2"]),
    )


def amount_of(step: Json) -> int:
    return MAX_AMOUNT if step["amount"] == "max" else int(step["amount"])


def beneficiary(step: Json) -> str:
    return str(step.get("for", step["from"]))


ACTIONS: Mapping[str, Callable[[Json, Market], Action]] = {
    "supply": lambda s, _: Supply(s["from"], s["asset"], amount_of(s), beneficiary(s)),
    "withdraw": lambda s, _: Withdraw(s["from"], s["asset"], amount_of(s), s.get("to", s["from"])),
    "borrow": lambda s, _: Borrow(s["from"], s["asset"], amount_of(s), beneficiary(s)),
    "repay": lambda s, _: Repay(s["from"], s["asset"], amount_of(s), beneficiary(s)),
    "repayWithATokens": lambda s, _: RepayWithATokens(s["from"], s["asset"], amount_of(s)),
    "transferAToken": lambda s, _: TransferAToken(s["from"], s["to"], s["asset"], amount_of(s)),
    "setEMode": lambda s, _: SetUserEMode(s["from"], s["category"]),
    "setCollateral": lambda s, _: SetUserUseReserveAsCollateral(s["from"], s["asset"], s["on"]),
    "mintToTreasury": lambda s, market: MintToTreasury(tuple(s.get("assets", market.reserves))),
    "liquidate": lambda s, _: LiquidationCall(
        s["from"], s["user"], s["collateral"], s["debt"], amount_of(s), s.get("receiveAToken", False)
    ),
}


class Replay:
    """The recorded market and pool, moved along one scenario."""

    def __init__(self, meta: Json, scenario: Json, rules: Rules) -> None:
        category = meta["emode"]
        assets = frozenset(category["assets"])
        self.feeds = {name: int(price) for name, price in meta["initialPrices"].items()}
        self.rates = {name: int(rate) for name, rate in meta["initialRates"].items()}
        self.market = Market(
            rules=rules,
            reserves={asset: reserve_config(row) for asset, row in meta["reserves"].items()},
            emodes={category["id"]: EModeCategory(category["ltv"], category["lt"], category["bonus"], assets, assets)},
            prices={},
            timestamp=0,
        )
        self.state = PoolState(
            empty_pool(self.market).reserves,
            {name: UserState(wallet=wallet) for name, wallet in self.wallets(scenario).items()},
        )

    @staticmethod
    def wallets(scenario: Json) -> dict[str, dict[str, int]]:
        """Everybody starts with the same wallet; whoever did not act in the first step still has it."""
        users = {n: u for n, u in scenario["steps"][0]["state"]["users"].items() if n != "treasury"}
        assets = scenario["steps"][0]["state"]["reserves"]
        full = {asset: max(int(user[asset]["wallet"]) for user in users.values()) for asset in assets}
        return dict.fromkeys(users, full)

    def step(self, step: Json) -> tuple[str | None, tuple[Event, ...]]:
        """Take one step; gives the refusal's code, if any, and the events."""
        if step["op"] == "price":
            self.feeds["ETH" if step["feed"] == "WETH" else step["feed"]] = int(step["value"])
        if step["op"] == "rate":
            self.rates[step["token"]] = int(step["value"])
        eth = self.feeds["ETH"]
        prices = {"WETH": eth, "USDT": self.feeds["USDT"], **{t: lst_price(eth, r) for t, r in self.rates.items()}}
        self.market = replace(self.market, prices=prices, timestamp=step["t"])
        if step["op"] in ("price", "rate"):
            return None, ()
        try:
            receipt = execute(self.state, self.market, ACTIONS[step["op"]](step, self.market))
        except Refused as refused:
            return refused.code, ()
        self.state = receipt.state
        return None, receipt.events

    def reserve_numbers(self, asset: str) -> dict[str, int]:
        reserve, now, rules = self.state.reserves[asset], self.market.timestamp, self.market.rules
        return {
            "liquidityIndex": reserve.liquidity_index,
            "liquidityRate": reserve.liquidity_rate,
            "variableBorrowIndex": reserve.variable_borrow_index,
            "variableBorrowRate": reserve.variable_borrow_rate,
            "lastUpdate": reserve.last_update,
            "accruedToTreasury": reserve.accrued_to_treasury,
            "normIncome": normalized_income(reserve, now),
            "normDebt": normalized_debt(reserve, now, rules),
            "aScaledTotal": reserve.scaled_supply,
            "vScaledTotal": reserve.scaled_debt,
            "aTotal": total_supply(reserve, now, rules),
            "vTotal": total_debt(reserve, now, rules),
            "price": self.market.prices[asset],
            "available": reserve.available,
            "deficit": reserve.deficit,
        }

    def account_numbers(self, name: str) -> dict[str, int]:
        account = user_account_data(self.state, self.market, name)
        return {
            "collateralBase": account.collateral_base,
            "debtBase": account.debt_base,
            "availableBorrowsBase": account.available_borrows_base,
            "liquidationThreshold": account.liquidation_threshold,
            "ltv": account.ltv,
            "healthFactor": account.health_factor,
        }

    def position_numbers(self, name: str, asset: str) -> dict[str, int]:
        user, reserve = self.state.user(name), self.state.reserves[asset]
        now, rules = self.market.timestamp, self.market.rules
        return {
            "aScaled": user.supplied(asset),
            "aBal": rules.tokens.supply_balance(user.supplied(asset), normalized_income(reserve, now)),
            "vScaled": user.owed(asset),
            "vBal": rules.tokens.debt_balance(user.owed(asset), normalized_debt(reserve, now, rules)),
            "wallet": user.held(asset),
            "collateral": int(asset in user.collateral),
        }

    def numbers(self) -> dict[str, int]:
        found = {}
        for asset in self.market.reserves:
            found.update({f"{asset}.{key}": value for key, value in self.reserve_numbers(asset).items()})
        for name in (*self.state.users, self.market.treasury):
            found[f"{name}.emode"] = self.state.user(name).emode
            found.update({f"{name}.account.{k}": v for k, v in self.account_numbers(name).items()})
            for asset in self.market.reserves:
                found.update({f"{name}.{asset}.{k}": v for k, v in self.position_numbers(name, asset).items()})
        return found


def recorded_numbers(state: Json, touched: set[str]) -> dict[str, int]:
    """The recording flattened; a reserve nobody touched has no meaningful time of update."""
    found = {}
    for asset, row in state["reserves"].items():
        keys = [key for key in row if key != "lastUpdate" or asset in touched]
        found.update({f"{asset}.{key}": int(row[key]) for key in keys})
    for name, user in state["users"].items():
        for part, value in user.items():
            if part == "emode":
                found[f"{name}.emode"] = value
            else:
                found.update({f"{name}.{part}.{key}": int(number) for key, number in value.items()})
            # a position that is not listed is an empty one
            if part in state["reserves"]:
                for key in ("aScaled", "vScaled"):
                    found.setdefault(f"{name}.{part}.{key}", 0)
    return found


def recorded_events(events: Json) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for name, value in events.items():
        if name == "LiquidationCall":
            rows.append((name, int(value["debtToCover"]), int(value["liquidatedCollateralAmount"])))
        elif name == "DeficitCreated":
            rows.extend((name, row["asset"], int(row["amount"])) for row in value)
        else:
            rows.append((name, int(value)))
    return sorted(rows)


def replayed_events(events: tuple[Event, ...]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for event in events:
        if event.name == "LiquidationCall":
            rows.append((event.name, event.amount, event.collateral_amount))
        elif event.name == "DeficitCreated":
            rows.append((event.name, event.asset, event.amount))
        else:
            rows.append((event.name, event.amount))
    return sorted(rows)


def assets_of(step: Json) -> set[str]:
    return {step[key] for key in ("asset", "collateral", "debt") if key in step} if step["ok"] else set()


@VERSIONS
def test_every_step_of_every_scenario(oracles: Path, rules: Rules) -> None:
    document = recording(oracles, rules)
    wrong, steps = [], 0
    for scenario in document["scenarios"]:
        replay, touched = Replay(document["meta"], scenario, rules), set[str]()
        for number, step in enumerate(scenario["steps"]):
            where = f"{scenario['name']}[{number}] {step['op']}"
            error, events = replay.step(step)
            if error != step.get("error"):
                wrong.append(f"{where}: {error} instead of {step.get('error')}")
            if replayed_events(events) != recorded_events(step.get("events", {})):
                wrong.append(f"{where}: {events} instead of {step.get('events')}")
            touched |= assets_of(step)
            ours = replay.numbers()
            for key, value in recorded_numbers(step["state"], touched).items():
                if ours[key] != value:
                    wrong.append(f"{where} {key}: {ours[key]} instead of {value} ({ours[key] - value:+d})")
            steps += 1
    assert steps > 0
    assert not wrong, "\n".join(wrong[:40])


@VERSIONS
def test_the_interest_rate_strategy(oracles: Path, rules: Rules) -> None:
    document = recording(oracles, rules)
    reserves = document["meta"]["reserves"]
    assert document["rates"]
    for row in document["rates"]:
        answer = interest_rates(
            reserve_config(reserves[row["asset"]]).strategy,
            int(row["available"]) + int(row["added"]) - int(row["taken"]),
            int(row["debt"]),
            row["reserveFactor"],
            averages_debt=rules.averages_debt,
        )
        assert answer == (int(row["liquidityRate"]), int(row["variableRate"])), row


@VERSIONS
def test_the_arithmetic(oracles: Path, rules: Rules) -> None:
    operations: dict[str, Callable[[int, int], int]] = {
        "compounded": rules.compounded_interest,
        "linear": linear_interest,
        "rayMul": ray.ray_mul,
        "rayDiv": ray.ray_div,
        "wadMul": ray.wad_mul,
        "wadDiv": ray.wad_div,
        "percentMul": ray.percent_mul,
        "percentDiv": ray.percent_div,
        "rayMulFloor": ray.ray_mul_floor,
        "rayMulCeil": ray.ray_mul_ceil,
        "rayDivFloor": ray.ray_div_floor,
        "rayDivCeil": ray.ray_div_ceil,
        "percentMulFloor": ray.percent_mul_floor,
        "percentDivCeil": ray.percent_div_ceil,
    }
    tables = recording(oracles, rules)["maths"]
    assert tables
    for name, rows in tables.items():
        for a, b, result in rows:
            assert operations[name](int(a), int(b)) == int(result), (name, a, b)
