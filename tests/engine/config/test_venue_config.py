"""Venue files: one bad input for every rule, dated look-ups, the deduction recursion, the facts behind the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.config import VenueConfig, configuration_problems, load_configuration
from engine.errors import BasisError

CONFIGS = Path(__file__).parents[3] / "configs"
TIERS = "margin_tiers/BTCUSDT/0/tiers"


class Case(NamedTuple):
    venue: str
    changes: Mapping[str, Any]
    code: str
    key: str
    expected: str


ROW = {"key": "flash_loan_fee", "effective_from": date(2024, 1, 1), "value": 0.0, "unit": "fraction", "source": "x"}

CASES = {
    "unknown key": Case("morpho", {"fee": 1.0}, "CFG-001", "fee", "no unknown key"),
    "unknown kind": Case("morpho", {"kind": "bank"}, "CFG-001", "kind", "'flash_loan'"),
    "no source": Case("morpho", {"parameters/0/source": ""}, "CFG-001", "parameters[0].source", "at least 1"),
    "date as text": Case(
        "morpho", {"parameters/0/effective_from": "soon"}, "CFG-001", "parameters[0].effective_from", "a valid date"
    ),
    "unknown unit": Case("morpho", {"parameters/0/unit": "percent"}, "CFG-001", "parameters[0].unit", "'fraction'"),
    "file name": Case("morpho", {"venue": "morpheus"}, "CFG-004", "venue", "morpho, the name of the file"),
    "exchange without products": Case("okx", {"products": None}, "CFG-003", "products", "required for kind exchange"),
    "exchange without thresholds": Case(
        "okx", {"margin_thresholds": None}, "CFG-003", "margin_thresholds", "required for kind exchange"
    ),
    "thresholds without an exchange": Case(
        "morpho",
        {"margin_thresholds": {"warning": 0.2, "critical": 0.1}},
        "CFG-003",
        "margin_thresholds",
        "kind flash_loan has none",
    ),
    "parameter missing": Case(
        "alchemy",
        {"parameters/0/key": "gas_units.OTHER"},
        "CFG-003",
        "parameters.gas_units.STAKE_DEPOSIT",
        "a dated row, required for kind node",
    ),
    "fee out of range": Case(
        "okx",
        {"parameters/1/value": 5000.0},
        "CFG-002",
        "parameters[1].value",
        "0 to 1000 for perp.taker_fee_bps in bps",
    ),
    "one date twice": Case(
        "morpho", {"parameters": [ROW, ROW]}, "CFG-002", "parameters.flash_loan_fee", "one row a date, there are 2"
    ),
    "LTV at the liquidation threshold": Case(
        "aave_v3",
        {"parameters/0/value": 0.78},
        "CFG-002",
        "parameters.reserve.USDT.ltv",
        "ltv below liquidation_threshold",
    ),
    "LTV without a liquidation threshold": Case(
        "aave_v3",
        {"parameters/1/key": "reserve.USDT.other"},
        "CFG-002",
        "parameters.reserve.USDT.liquidation_threshold",
        "as there is one for reserve.USDT.ltv",
    ),
    "threshold order": Case(
        "okx",
        {"margin_thresholds/warning": 0.1},
        "CFG-002",
        "margin_thresholds.critical",
        "below margin_thresholds.warning = 0.1",
    ),
    "critical below liquidation": Case(
        "okx",
        {"margin_thresholds/critical": 0.004},
        "CFG-002",
        "margin_thresholds.critical",
        "above 0.004, the maintenance margin rate",
    ),
    "perp without tiers": Case(
        "okx",
        {"products/perp": ["BTCUSDT", "ETHUSDT", "SOLUSDT"]},
        "CFG-003",
        "margin_tiers.SOLUSDT",
        "margin tiers for every perp",
    ),
    "tiers without a perp": Case(
        "okx", {"products/perp": ["BTCUSDT"]}, "CFG-003", "margin_tiers.ETHUSDT", "only perps in products: BTCUSDT"
    ),
    "maintenance above initial": Case(
        "okx",
        {f"{TIERS}/0/maintenance_margin_rate": 0.02},
        "CFG-002",
        "margin_tiers.BTCUSDT[0].tiers[0].maintenance_margin_rate",
        "below initial_margin_rate = 0.01",
    ),
    "first tier above zero": Case(
        "okx",
        {f"{TIERS}/0/notional_floor": 5.0},
        "CFG-002",
        "margin_tiers.BTCUSDT[0].tiers[0].notional_floor",
        "0 in the first tier",
    ),
    "floors do not rise": Case(
        "okx",
        {f"{TIERS}/1/notional_floor": 0.0},
        "CFG-002",
        "margin_tiers.BTCUSDT[0].tiers[1].notional_floor",
        "above 0, that of the tier before",
    ),
    "rates do not rise": Case(
        "okx",
        {f"{TIERS}/1/maintenance_margin_rate": 0.004},
        "CFG-002",
        "margin_tiers.BTCUSDT[0].tiers[1].maintenance_margin_rate",
        "above 0.004",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_broken_rule_is_named(case: Case, configs_dir: Path, edit: Callable[..., None]) -> None:
    edit(f"venues/{case.venue}.yaml", case.changes)
    problems = configuration_problems(configs_dir, {})
    lines = [
        problem.line()
        for problem in problems
        if (problem.code, problem.where, problem.key) == (case.code, f"configs/venues/{case.venue}.yaml", case.key)
    ]
    assert any(case.expected in line for line in lines), problems


def test_two_margin_schedules_of_one_date(configs_dir: Path) -> None:
    file = configs_dir / "venues" / "okx.yaml"
    file.write_text(
        "\n".join(line for line in file.read_text().splitlines())
        + "\n    - {effective_from: 2023-01-01, source: x, tiers: [{notional_floor: 0, maintenance_margin_rate: 0.004,"
        " initial_margin_rate: 0.01}]}\n"
    )
    (problem,) = configuration_problems(configs_dir, {})
    assert (problem.key, problem.expected) == ("margin_tiers.ETHUSDT", "one schedule a date")


@pytest.fixture(scope="module")
def venues() -> Mapping[str, VenueConfig]:
    return load_configuration(CONFIGS).venues


def test_parameters_are_looked_up_by_date(venues: Mapping[str, VenueConfig]) -> None:
    aave = venues["aave_v3"]
    noon_before = datetime(2025, 2, 23, 12, tzinfo=UTC)
    assert aave.parameter("rules_version", noon_before) == 3.0
    assert aave.parameter("rules_version", int(noon_before.timestamp())) == 3.0
    assert aave.parameter("rules_version", date(2025, 2, 24)) == 3.3
    assert aave.parameter("rules_version", int(datetime(2025, 2, 24, tzinfo=UTC).timestamp())) == 3.3


def test_unknown_parameter_lists_the_known_ones(venues: Mapping[str, VenueConfig]) -> None:
    with pytest.raises(BasisError, match="morpho has no parameter 'fee'") as error:
        venues["morpho"].parameter("fee", date(2024, 6, 1))
    assert "flash_loan_fee" in str(error.value)


def test_a_parameter_not_yet_in_force_names_its_dates(venues: Mapping[str, VenueConfig]) -> None:
    with pytest.raises(BasisError) as error:
        venues["aave_v3"].parameter("emode.weETH.ltv", date(2024, 3, 19))
    assert "in force on 2024-03-19" in str(error.value)
    assert "rows effective from 2024-03-20" in str(error.value)


def test_margin_schedule_by_date(venues: Mapping[str, VenueConfig]) -> None:
    assert venues["okx"].margin_schedule("BTCUSDT", date(2024, 1, 1)).tiers[0].maintenance_margin_rate == 0.004
    with pytest.raises(BasisError, match="no margin tiers for 'SOLUSDT'"):
        venues["okx"].margin_schedule("SOLUSDT", date(2024, 1, 1))
    with pytest.raises(BasisError, match="in force on 2020-01-01"):
        venues["okx"].margin_schedule("BTCUSDT", date(2020, 1, 1))


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
def test_deductions_make_maintenance_margin_continuous(
    venues: Mapping[str, VenueConfig], venue: str, symbol: str
) -> None:
    schedule = venues[venue].margin_schedule(symbol, date(2024, 6, 1))
    steps = zip(pairwise(schedule.tiers), pairwise(schedule.deductions()), strict=True)
    for (lower, upper), (deducted_below, deducted_above) in steps:
        floor = upper.notional_floor
        assert floor * lower.maintenance_margin_rate - deducted_below == pytest.approx(
            floor * upper.maintenance_margin_rate - deducted_above, rel=1e-12
        )


def test_deductions_by_hand(venues: Mapping[str, VenueConfig]) -> None:
    """0; 50 000 · 0.1 % = 50; + 600 000 · 0.15 % = 950; + 3 000 000 · 0.35 % = 11 450."""
    deductions = venues["binance"].margin_schedule("BTCUSDT", date(2024, 6, 1)).deductions()
    assert deductions[:4] == pytest.approx((0.0, 50.0, 950.0, 11_450.0))


def test_flat_rows_hold_tiers_and_sources(venues: Mapping[str, VenueConfig]) -> None:
    rows = venues["binance"].parameter_rows()
    by_key = {row.key: row for row in rows}
    assert by_key["perp.BTCUSDT.tier2.notional_floor"].value == 50_000.0
    assert by_key["perp.BTCUSDT.tier2.deduction"].value == pytest.approx(50.0)
    assert venues["binance"].parameter("perp.BTCUSDT.tier1.maintenance_margin_rate", date(2024, 1, 1)) == 0.004
    assert rows == sorted(rows, key=lambda row: (row.key, row.effective_from))
    assert all(row.source and row.venue == "binance" for row in rows)


@pytest.mark.parametrize(
    ("venue", "key", "day", "value"),
    [
        ("aave_v3", "emode.weETH.ltv", date(2024, 5, 12), 0.93),
        ("aave_v3", "emode.wstETH.liquidation_threshold", date(2024, 5, 12), 0.95),
        ("aave_v3", "emode.wstETH.liquidation_threshold", date(2023, 6, 1), 0.93),
        ("aave_v3", "reserve.weETH.ltv", date(2024, 12, 22), 0.725),
        ("aave_v3", "reserve.weETH.ltv", date(2024, 12, 23), 0.775),
        ("aave_v3", "reserve.WETH.reserve_factor", date(2024, 5, 12), 0.15),
        ("aave_v3", "reserve.wstETH.reserve_factor", date(2024, 8, 12), 0.15),
        ("aave_v3", "reserve.wstETH.reserve_factor", date(2024, 8, 13), 0.05),
        ("aave_v3", "reserve.wstETH.reserve_factor", date(2025, 8, 5), 0.35),
        ("aave_v3", "flash_loan_fee", date(2024, 5, 12), 0.0005),
        ("morpho", "flash_loan_fee", date(2024, 5, 12), 0.0),
        ("bybit", "perp.taker_fee_bps", date(2024, 5, 12), 5.5),
        ("okx", "spot.taker_fee_bps", date(2024, 5, 12), 10.0),
        ("etherfi", "instant_redemption_fee_bps", date(2024, 5, 12), 30.0),
        ("alchemy", "gas_units.ATOMIC_ENTRY", date(2024, 5, 12), 1_250_000.0),
        ("alchemy", "gas_units.COLLATERAL_SUPPLIED", date(2024, 5, 12), 250_000.0),
    ],
)
def test_documented_facts(venues: Mapping[str, VenueConfig], venue: str, key: str, day: date, value: float) -> None:
    assert venues[venue].parameter(key, day) == value
