"""Forced cases end as the protocol or the exchange would end them, and leave the books in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.config import Configuration, RunConfig
from engine.maths.aave_v3 import liquidation, rules_at

MakeRun = Callable[..., RunConfig]
RATE = 1.05
LOOSE = {
    "position_deviation_threshold": 0.99,
    "target_ltv": 0.88,
    "ltv_thresholds": {"warning": 0.9405, "critical": 0.945},
    "health_factor_thresholds": {"warning": 1.005, "critical": 1.001},
}
"""Levels that let a loop stand at 0.94 without a risk action."""


def _after(hour: int, value: float, count: int, before: float = 1.0) -> np.ndarray:
    return np.where(np.arange(count) >= hour, value, before)


def _drifted(kit: Any, run: RunConfig, fall: float = 0.98) -> Any:
    """Between hour 8 and 9 the debt drifts up by 0.94/0.88, then the oracle rate falls to ``fall``.

    Both within the hour: with an hour between them the strategy would have gone back to its target.
    """
    count = 24 * ((run.end - run.start).days + 1)
    borrowed = _after(9, 0.94 / 0.88, count)
    return kit.checked_hourly(run, kit.panel(run, rate=RATE * _after(9, fall, count), borrowed=borrowed, bps=2.0))


def test_a_loop_at_094_falls_two_percent_and_is_liquidated_by_the_rules(make_run: MakeRun, kit: Any) -> None:
    run = make_run("eth_leveraged", days=1, **LOOSE)
    assert not kit.events(_drifted(kit, run, fall=1.0), "liquidation"), "0.94 alone is below the threshold of 0.95"
    result = _drifted(kit, run)
    equity = 50.0 - 1_360_000 * 5e-9
    collateral, debt = 0.98 * equity / 0.12, 0.94 * equity / 0.12
    health = 0.95 * collateral / debt
    assert health == pytest.approx(0.9904, abs=1e-4)
    expected = liquidation(
        rules_at(date(2025, 3, 1)), health_factor=health, debt=debt * 3000.0, total_debt=debt * 3000.0,
        collateral=collateral * 3000.0, total_collateral=collateral * 3000.0, bonus=0.01, protocol_fee=0.1,
    )  # fmt: skip
    (event,) = kit.events(result, "liquidation")
    assert (event["hour"], event["venue"]) == (9, "aave_v3")
    details = event["details"]
    assert details["health_factor"] == pytest.approx(health, rel=1e-9)
    assert details["debt_repaid_eth"] == pytest.approx(debt / 2.0, rel=1e-9), "half: the health factor is above 0.95"
    assert details["debt_repaid_eth"] == pytest.approx(float(expected.repaid) / 3000.0, rel=1e-9)
    assert details["collateral_seized_eth"] == pytest.approx(debt / 2.0 * 1.01, rel=1e-9)
    assert details["collateral_seized_eth"] == pytest.approx(
        float(expected.seized + expected.protocol_fee) / 3000.0, rel=1e-9
    )
    assert details["debt_written_off_eth"] == 0.0
    assert kit.component(result, "liquidation_pnl").sum() == pytest.approx(-0.01 * debt / 2.0, rel=1e-9)
    assert kit.component(result, "staking_yield_oracle")[9] == pytest.approx(-0.02 * equity / 0.12, rel=1e-9)


def test_after_a_liquidation_the_loop_is_rebalanced_in_the_same_step(make_run: MakeRun, kit: Any) -> None:
    """Half the debt repaid leaves the loop healthy, but past the mode's own levels: they bring it back to 0.88."""
    settings = {**LOOSE, "ltv_thresholds": {"warning": 0.91, "critical": 0.925},
                "health_factor_thresholds": {"warning": 1.04, "critical": 1.025}}  # fmt: skip
    run = make_run("eth_leveraged", days=1, **settings, after_liquidation="rebalance")
    count = 24
    rate = RATE * _after(9, 0.93, count)  # 0.88 → 0.946 in one hour: past every level at once, HF 1.004
    rate = rate * _after(9, 0.99, count)  # 0.9558: HF 0.9939
    result = kit.checked_hourly(run, kit.panel(run, rate=rate, bps=2.0))
    assert len(kit.events(result, "liquidation")) == 1
    assert kit.actions(result) == [(0, "entry_full", "position"), (9, "exit_partial", "risk")]
    assert kit.metric(result, "ltv")[9] == pytest.approx(0.88, abs=1e-8)
    assert kit.series(result, "aave_v3:aToken:aweETH")[-1] > 0.0


def test_after_a_liquidation_the_mode_may_stand_down(make_run: MakeRun, kit: Any) -> None:
    run = make_run("eth_leveraged", days=1, **LOOSE, after_liquidation="stand_down")
    result = _drifted(kit, run)
    assert [action for _, action, _ in kit.actions(result)] == ["entry_full", "exit_full"]
    for key in ("aave_v3:aToken:aweETH", "aave_v3:debtToken:variableDebtWETH", "etherfi:LST:weETH"):
        assert kit.series(result, key)[9] == 0.0
        assert kit.series(result, key)[-1] == 0.0
    equity = 50.0 - 1_360_000 * 5e-9
    collateral, debt = 0.98 * equity / 0.12, 0.94 * equity / 0.12
    sold = collateral - 1.01 * debt / 2.0
    expected = sold * (1.0 - 2e-4) - debt / 2.0 - 850_000 * 5e-9
    assert result.final_nav == pytest.approx(expected, rel=1e-9)


def test_a_small_loop_is_closed_whole_and_what_collateral_is_left_is_sold(make_run: MakeRun, kit: Any) -> None:
    """Under today's rules a debt below 2,000 USD is repaid whole: 3 ETH of it at 600 USD; 3 % of collateral stay."""
    run = make_run("eth_leveraged", days=1, capital=0.4, **LOOSE, after_liquidation="stand_down")
    count = 24
    result = kit.run(run, kit.panel(run, price=600.0, rate=RATE * _after(9, 0.92, count), bps=2.0, gwei=0.05))
    (event,) = kit.events(result, "liquidation")
    equity = 0.4 - 1_360_000 * 5e-11
    debt, collateral = 0.88 * equity / 0.12, 0.92 * equity / 0.12
    assert event["details"]["debt_repaid_eth"] == pytest.approx(debt, rel=1e-9)
    assert kit.series(result, "aave_v3:debtToken:variableDebtWETH")[9] == 0.0
    assert kit.series(result, "aave_v3:aToken:aweETH")[-1] == 0.0
    left = (collateral - 1.01 * debt) * (1.0 - 2e-4)
    assert result.final_nav == pytest.approx(left - 850_000 * 5e-11, rel=1e-9)


def test_a_hedged_loop_that_is_liquidated_keeps_its_delta(make_run: MakeRun, kit: Any) -> None:
    """The seized collateral was hedged: the shorts shrink with it in the same step."""
    run = make_run("usdt_market_neutral", days=1, **{**LOOSE, "position_deviation_threshold": 0.05})
    result = kit.checked_hourly(run, kit.panel(run, rate=RATE * _after(9, 0.92, 24), bps=2.0))
    assert [row["venue"] for row in kit.events(result, "liquidation")] == ["aave_v3"]
    assert kit.metric(result, "delta")[9] <= run.mode.delta_tolerance
    assert kit.metric(result, "delta")[-1] <= run.mode.delta_tolerance
    assert kit.metric(result, "health_factor").min() > 1.0, "recorded after the step"


@pytest.mark.parametrize(
    ("fall", "seized", "left"),
    [
        # LTV 0.88/0.915 = 0.9617, HF 0.9878: one call of half the debt is enough
        (0.915, [0.5], True),
        # LTV 0.88/0.905 = 0.97238, HF 0.97699: half leaves HF 0.9944, so a second call follows
        (0.905, [0.5, 0.25], True),
        # LTV 1.0023, HF 0.9478: the whole debt at once, capped by the collateral
        (0.878, [1.0], False),
    ],
)
def test_the_close_factor_follows_the_health_factor(
    make_run: MakeRun, kit: Any, fall: float, seized: list[float], left: bool
) -> None:
    run = make_run("eth_leveraged", days=1, **LOOSE)
    equity = 50.0 - 1_360_000 * 5e-9
    debt, collateral = 0.88 * equity / 0.12, fall * equity / 0.12
    if not left:
        taken = min(debt * 1.01, collateral)
        with pytest.raises(Exception, match="EDS-003"):  # nothing is left of the equity
            kit.run(run, kit.panel(run, rate=RATE * _after(9, fall, 24)))
        assert taken == collateral
        return
    result = kit.run(run, kit.panel(run, rate=RATE * _after(9, fall, 24)))
    calls = kit.events(result, "liquidation")
    assert [row["details"]["debt_repaid_eth"] / debt for row in calls] == pytest.approx(seized, rel=1e-9)
    assert {row["hour"] for row in calls} == {9}
    assert kit.metric(result, "health_factor")[9] >= 1.0


def test_a_borrow_rate_spike_is_deleveraged_before_anybody_liquidates(make_run: MakeRun, kit: Any) -> None:
    """180 % a year for two weeks, as no reserve has seen: +6.9 % debt.  The loop pays and shrinks, nobody takes it."""
    run = make_run("eth_leveraged", days=20)
    hourly = np.where((np.arange(480) > 24) & (np.arange(480) <= 24 * 15), 1.8 / 8760.0, 0.0)
    borrowed = np.cumprod(1.0 + hourly)
    result = kit.checked_hourly(run, kit.panel(run, borrowed=borrowed, bps=2.0, peg=0.999))
    assert not kit.events(result, "liquidation")
    assert kit.metric(result, "ltv").max() <= run.mode.ltv_thresholds.warning
    assert kit.metric(result, "health_factor").min() > 1.0
    later = [action for _, action, _ in kit.actions(result)[1:]]
    assert later and set(later) == {"exit_partial"}
    debts = kit.series(result, "aave_v3:debtToken:variableDebtWETH")
    paid = sum(debts[hour - 1] * (borrowed[hour] - borrowed[hour - 1]) for hour in range(1, 480))
    assert kit.component(result, "borrow_costs").sum() == pytest.approx(-paid, rel=1e-12)


@pytest.mark.parametrize("mode", ["btc_basis", "eth_basis", "usdt_market_neutral_no_leverage", "usdt_market_neutral"])
def test_plus_49_percent_in_seven_days_against_a_short_at_three_times(make_run: MakeRun, kit: Any, mode: str) -> None:
    """A short at 3× (a quarter of equity as margin) would be gone at +32 %; margin has to arrive on the way."""
    long_share = "spot" if mode.endswith("basis") else "stake"
    run = make_run(mode, days=9, allocation={long_share: 0.75, "margin": 0.25})
    ramp = np.clip((np.arange(216) - 24) / 168.0, 0.0, 1.0)
    result = kit.checked_hourly(run, kit.panel(run, price=3000.0 * 1.49**ramp, bps=4.0))
    assert kit.metric(result, "margin_ratio", "binance")[0] == pytest.approx(1.0 / 3.0, rel=0.02)
    assert not kit.events(result, "liquidation")
    for venue in ("binance", "bybit", "okx"):
        assert kit.metric(result, "margin_ratio", venue).min() > 0.10
        assert kit.metric(result, "maintenance_ratio", venue).min() > 1.0
    assert kit.metric(result, "delta").max() <= run.mode.delta_tolerance
    assert result.final_nav > 0.98 * run.initial_capital, "what it costs is fees"


def _gap(kit: Any, run: RunConfig, size: float) -> Any:
    return kit.checked_hourly(run, kit.panel(run, price=3000.0 * _after(20, size, 48), bps=4.0))


@pytest.mark.parametrize("mode", ["btc_basis", "eth_basis", "usdt_market_neutral_no_leverage", "usdt_market_neutral"])
@pytest.mark.parametrize("aftermath", ["rebalance", "stand_down"])
def test_a_gap_through_the_margin_is_liquidated_and_the_aftermath_is_as_configured(
    make_run: MakeRun, kit: Any, mode: str, aftermath: str
) -> None:
    """+55 % in an hour against 43 % of margin: every venue closes the short at its mark with 125 bp."""
    run = make_run(mode, days=2, after_liquidation=aftermath)
    result = _gap(kit, run, 1.55)
    calls = kit.events(result, "liquidation")
    assert [row["venue"] for row in calls] == ["binance", "bybit", "okx"]
    symbol = run.mode.perp_symbol
    mark = 3000.0 * 1.55 * (20.0 if symbol == "BTCUSDT" else 1.0)
    for row in calls:
        size = kit.series(result, f"{row['venue']}:Perp:{symbol}")[19]
        assert (row["hour"], row["amount"], row["price"]) == (20, -size, mark)
        fee = run.venues[row["venue"]].parameter("perp.liquidation_fee_bps", run.start) * 1e-4
        assert row["details"]["fee_charged"] == pytest.approx(abs(size) * mark * fee, rel=1e-12)
    held = [kit.series(result, f"{venue}:Perp:{symbol}")[-1] for venue in ("binance", "bybit", "okx")]
    if aftermath == "stand_down":
        assert held == [0.0, 0.0, 0.0]
        assert kit.actions(result)[-1][1] == "exit_full"
        assert np.abs(result.record.exposure[0, 3, -1] / result.final_nav) < 0.01, "and nothing long is left"
    else:
        assert max(held) < 0.0
        assert kit.metric(result, "delta")[-1] <= run.mode.delta_tolerance


def test_a_small_gap_liquidates_nobody(make_run: MakeRun, kit: Any) -> None:
    run = make_run("eth_basis", days=2)
    result = _gap(kit, run, 1.35)
    assert not kit.events(result, "liquidation")
    assert (20, "exit_partial", "risk") in kit.actions(result)
    assert kit.metric(result, "margin_ratio", "okx")[20] >= 0.20


def test_outside_the_dates_of_e_mode_a_loop_has_no_parameters(configuration: Configuration) -> None:
    """weETH was listed on 2024-03-20; before, no loop can be run, and the refusal names the key."""
    venue = configuration.venues["aave_v3"]
    with pytest.raises(Exception, match="CFG-006"):
        venue.parameter("emode.weETH.ltv", date(2024, 3, 19))
    assert venue.parameter("emode.weETH.ltv", date(2024, 3, 20)) == 0.93
    assert venue.parameter("emode.weETH.liquidation_threshold", date(2025, 9, 1)) == 0.95
    assert venue.parameter("reserve.weETH.ltv", date(2024, 12, 22)) == 0.725
    assert venue.parameter("reserve.weETH.ltv", date(2024, 12, 23)) == 0.775
    assert rules_at(date(2025, 2, 23)).version == "3.0"
    assert rules_at(date(2025, 2, 24)).version != "3.0"
