"""Checks a result must pass before anybody can see it.

They read the tables about to be written, not the engine's objects: what is checked is what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.config import RunConfig
from engine.errors import BasisError, Problem

TOLERANCE = 1e-9
"""Largest residual of an hour, and largest difference of a replayed balance, as a share of NAV or balance."""

ACTIONS = frozenset({
    "deposit", "withdrawal", "transfer", "spot_trade", "perp_trade", "lend_supply", "borrow", "stake", "swap",
})  # fmt: skip

Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ResultCheck:
    """One check: ``observed`` and ``expected`` in words, for people."""

    name: str
    passed: bool
    observed: str
    expected: str


def check_results(run: RunConfig, tables: Tables) -> list[ResultCheck]:
    """Every blocking check on ``RunResult.tables()``; all are made, so that one refusal names all failures."""
    return [
        _residual(tables["hourly_pnl"]),
        _first_step_acts(tables["events"]),
        _delta_bound(run, tables["risk_metrics"]),
        _postings_replay(tables["postings"], tables["balance_sheet"]),
    ]


CHECKS: Mapping[str, str] = {
    "residual": "the balance side and the attribution side of every hour agree to 1e-9 of NAV",
    "first_step_acts": "the first hour holds at least one trade, transfer or contract action",
    "delta_bound": "net delta over NAV stays within the mode's tolerance in every hour",
    "postings_replay": "adding up the postings gives every balance",
}


def require(run_id: str, checks: list[ResultCheck]) -> None:
    """Errors: BT-002 with a problem per failed check."""
    failed = [check for check in checks if not check.passed]
    if failed:
        problems = [Problem("BT-002", f"run {run_id}", check.name, check.observed, check.expected) for check in failed]
        raise BasisError.from_problems(problems, "the result is not published")


def _residual(hourly: Mapping[str, Any]) -> ResultCheck:
    ratio = np.abs(_floats(hourly["residual"])) / np.abs(_floats(hourly["nav"]))
    worst = int(np.argmax(np.where(np.isnan(ratio), np.inf, ratio)))
    return ResultCheck(
        "residual",
        bool(np.all(ratio <= TOLERANCE)),
        f"{ratio[worst]:.3g} of NAV at {_hour(hourly['ts'][worst])}",
        f"at most {TOLERANCE:g} of NAV in each of {len(ratio)} hours",
    )


def _first_step_acts(events: Mapping[str, Any]) -> ResultCheck:
    first = events["ts"][0] if len(events["ts"]) else None
    done = sorted({
        kind for ts, kind in zip(events["ts"], events["event_type"], strict=True) if ts == first and kind in ACTIONS
    })  # fmt: skip
    expected = "one of " + ", ".join(sorted(ACTIONS))
    return ResultCheck("first_step_acts", bool(done), ", ".join(done) or "nothing", expected)


def _delta_bound(run: RunConfig, risk: Mapping[str, Any]) -> ResultCheck:
    delta = np.asarray(risk["metric"], dtype=object) == "delta"
    if run.mode.hedge_allocation is None:
        return ResultCheck("delta_bound", True, "the mode does not hedge", "nothing")
    values = np.abs(_floats(risk["value"])[delta])
    if len(values) == 0:
        return ResultCheck("delta_bound", False, "no delta was recorded", "a delta for every hour")
    worst = int(np.argmax(np.where(np.isnan(values), np.inf, values)))
    hour = np.asarray(risk["ts"])[delta][worst]
    return ResultCheck(
        "delta_bound",
        bool(np.all(values <= run.mode.delta_tolerance)),
        f"{values[worst]:.3g} of NAV at {_hour(hour)}",
        f"at most {run.mode.delta_tolerance:g} of NAV (delta_tolerance)",
    )


def _postings_replay(postings: Mapping[str, Any], sheet: Mapping[str, Any]) -> ResultCheck:
    """Postings are in ledger order; the replay also has to end at the quantities of the last balance sheet."""
    names, account = np.unique(np.asarray(postings["position_key"], dtype=str), return_inverse=True)
    delta, after = _floats(postings["delta"]), _floats(postings["balance_after"])
    last_hour = np.max(np.asarray(sheet["ts"])) if len(sheet["ts"]) else None
    final = {
        str(key): float(quantity)
        for ts, key, quantity in zip(sheet["ts"], sheet["position_key"], sheet["quantity"], strict=True)
        if ts == last_hour
    }
    wrong: list[str] = []
    for number, name in enumerate(names):
        rows = account == number
        replayed = np.cumsum(delta[rows])
        scale = max(float(np.max(np.abs(after[rows]))), 1.0)
        differs = np.abs(replayed - after[rows]) > TOLERANCE * scale
        if np.any(differs):
            wrong.append(f"{name} from its posting {int(np.argmax(differs)) + 1} on")
        elif str(name) in final and abs(final[str(name)] - replayed[-1]) > TOLERANCE * scale:
            wrong.append(f"{name} in the last balance sheet")
    observed = ", ".join(wrong) or f"{len(delta)} postings of {len(names)} accounts agree"
    return ResultCheck("postings_replay", not wrong, observed, "every balance equals the sum of its postings")


def _hour(ts: Any) -> str:
    return f"{np.datetime_as_string(np.datetime64(ts), unit='m')}Z"


def _floats(values: Any) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)
