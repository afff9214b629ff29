"""The same contract on several venues: where prices part by more than they should, named to the hour.

Only rows a venue observed itself are compared; a proxied row would agree with its proxy by construction.
Nothing is removed: a crash every venue shows is the market, and a lone one is reported for a person to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.market import HOUR, FloatArray, IntArray, iso_hour
from pipelines.market.schema import epoch_seconds
from pipelines.validation.records import Check

DIVERGENCE_WARNING = 0.005
DISLOCATION = 0.01
CRASH = 0.10
COMPARED = ("open", "close")


@dataclass(frozen=True)
class _Contract:
    """One symbol on ``venues`` (v,): ``prices`` (v, n) at ``hours`` (n,), NaN where a venue has no own row."""

    symbol: str
    venues: tuple[str, ...]
    hours: IntArray
    prices: dict[str, FloatArray]


def cross_venue_checks(table: str, rows: pa.Table, load_id: str) -> list[Check]:
    """Checks of ``spot_prices`` or ``perp_prices`` rows, for ``quality.checks``.

    Per contract one summary of the comparison and one row per hour that is too far apart: more than
    0.5 % is a ``venue_divergence`` warning, more than 1 % a ``dislocation``.  Hours that move by more
    than 10 % are listed as ``crash_seen_by_all_venues`` (info) or ``crash_on_one_venue`` (warning).
    ``load_id`` names the build these checks belong to.
    """
    checks: list[Check] = []
    for contract in _contracts(rows):
        if len(contract.venues) > 1:
            checks += _divergence_checks(table, contract, load_id)
            checks += _crash_checks(table, contract, load_id)
    return checks


def _contracts(rows: pa.Table) -> list[_Contract]:
    own = rows.filter(pc.invert(pc.or_(rows["is_proxied"], rows["is_projected"])))
    contracts = []
    for symbol in sorted(pc.unique(own["symbol"]).to_pylist()):
        group = own.filter(pc.equal(own["symbol"], symbol))
        venues = tuple(sorted(pc.unique(group["venue"]).to_pylist()))
        ts = epoch_seconds(group["ts"])
        hours = np.unique(ts)
        venue_number = pc.index_in(group["venue"], pa.array(venues)).to_numpy()
        prices = {}
        for column in COMPARED:
            grid = np.full((len(venues), len(hours)), np.nan)
            grid[venue_number, np.searchsorted(hours, ts)] = group[column].to_numpy()
            prices[column] = grid
        contracts.append(_Contract(symbol, venues, hours, prices))
    return contracts


def spread_across_venues(prices: FloatArray) -> FloatArray:
    """``1 − lowest / highest`` over the venues (v, n) of each hour → (n,); NaN where fewer than two have a price."""
    present = np.isfinite(prices)
    highest = np.max(np.where(present, prices, -np.inf), axis=0)
    lowest = np.min(np.where(present, prices, np.inf), axis=0)
    return np.where(present.sum(axis=0) >= 2, 1.0 - lowest / highest, np.nan)


def _divergence_checks(table: str, contract: _Contract, load_id: str) -> list[Check]:
    spreads = {column: spread_across_venues(prices) for column, prices in contract.prices.items()}
    worst = np.fmax(spreads["open"], spreads["close"])
    compared = np.isfinite(worst)
    apart = np.flatnonzero(compared & (worst > DIVERGENCE_WARNING))
    venues = ", ".join(contract.venues)
    summary = Check(
        load_id=load_id,
        dataset=table,
        check_name="venue_divergence_summary",
        severity="warning",
        passed=len(apart) == 0,
        observed=f"{len(apart)} of {int(compared.sum())} hours apart",
        expected=f"open and close of {contract.symbol} within {DIVERGENCE_WARNING:.1%} across {venues}",
        details=contract.symbol,
        ts=_moment(int(contract.hours[apart[0]])) if len(apart) else None,
    )
    return [summary, *(_hour_apart(table, contract, load_id, int(at), spreads) for at in apart)]


def _hour_apart(table: str, contract: _Contract, load_id: str, at: int, spreads: dict[str, FloatArray]) -> Check:
    column = max(COMPARED, key=lambda name: np.nan_to_num(spreads[name][at], nan=-1.0))
    spread, prices = float(spreads[column][at]), contract.prices[column][:, at]
    hour = int(contract.hours[at])
    limit = DISLOCATION if spread > DISLOCATION else DIVERGENCE_WARNING
    return Check(
        load_id=load_id,
        dataset=table,
        check_name="dislocation" if spread > DISLOCATION else "venue_divergence",
        severity="warning",
        passed=False,
        observed=f"{spread:.4%}",
        expected=f"at most {limit:.1%} apart",
        details=f"{contract.symbol} {column} {iso_hour(hour)}: {_quotes(contract, prices, '.10g')}",
        ts=_moment(hour),
    )


def _crash_checks(table: str, contract: _Contract, load_id: str) -> list[Check]:
    opens = contract.prices["open"]
    neighbours = np.diff(contract.hours) == HOUR
    moves = np.where(neighbours, opens[:, 1:] / opens[:, :-1] - 1.0, np.nan)
    checks = []
    for at in np.flatnonzero(np.any(np.abs(moves) > CRASH, axis=0)):
        seen = moves[:, at][np.isfinite(moves[:, at])]
        shared = len(seen) > 1 and bool(np.all(np.abs(seen) > CRASH / 2)) and len(set(np.sign(seen))) == 1
        hour = int(contract.hours[at])
        checks.append(
            Check(
                load_id=load_id,
                dataset=table,
                check_name="crash_seen_by_all_venues" if shared else "crash_on_one_venue",
                severity="info" if shared else "warning",
                passed=shared,
                observed=_quotes(contract, moves[:, at], "+.2%"),
                expected=f"a move beyond {CRASH:.0%} in an hour shows on every venue",
                details=f"{contract.symbol} {iso_hour(hour)}, kept as it is",
                ts=_moment(hour),
            )
        )
    return checks


def _quotes(contract: _Contract, values: FloatArray, form: str) -> str:
    pairs = zip(contract.venues, values.tolist(), strict=True)
    return ", ".join(f"{venue} {value:{form}}" for venue, value in pairs if np.isfinite(value))


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour, UTC)
