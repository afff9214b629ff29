"""The formulas behind the sample, and the episodes every sample is to contain."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.sources.sample import regimes
from pipelines.sources.sample.funding import CAP, average_premium, rate_from_premium
from pipelines.sources.sample.lending import MODELS, borrow_rate, compounded_interest, linear_interest
from pipelines.sources.sample.market import Market

RAY = 10**27
YEAR = 365 * 24 * 3600


def ray_mul(a: int, b: int) -> int:
    return (a * b + RAY // 2) // RAY


def contract_compounded(rate: float, seconds: int) -> float:
    """The contract's integer arithmetic (MathUtils.calculateCompoundedInterest)."""
    ray_rate = round(rate * RAY)
    minus_one, minus_two = seconds - 1, max(seconds - 2, 0)
    power_two = ray_mul(ray_rate, ray_rate) // (YEAR * YEAR)
    power_three = ray_mul(power_two, ray_rate) // YEAR
    second, third = seconds * minus_one * power_two // 2, seconds * minus_one * minus_two * power_three // 6
    return (RAY + ray_rate * seconds // YEAR + second + third) / RAY


@pytest.mark.parametrize("rate", [0.001, 0.05, 0.45, 2.0])
@pytest.mark.parametrize("seconds", [1, 2, 3600, 86_400])
def test_compounding_equals_the_contract(rate: float, seconds: int) -> None:
    """Up to a day: over months the contract's own truncation of the cubic term shows."""
    assert float(compounded_interest(rate, seconds)) == pytest.approx(contract_compounded(rate, seconds), rel=1e-12)


def test_supply_interest_is_linear() -> None:
    assert float(linear_interest(0.05, YEAR)) == pytest.approx(1.05, rel=1e-15)
    assert float(linear_interest(0.073, 86_400)) == pytest.approx(1.0002, rel=1e-15)


@pytest.mark.parametrize("asset", list(MODELS))
def test_indices_follow_from_the_rates_and_never_fall(market: Market, asset: str) -> None:
    reserve = market.reserves[asset]
    for index, factor in (
        (reserve.liquidity_index, 1.0 + reserve.supply_rate * 3600 / YEAR),
        (reserve.borrow_index, np.array([contract_compounded(rate, 3600) for rate in reserve.borrow_rate.tolist()])),
    ):
        assert (np.diff(index) >= 0.0).all()
        np.testing.assert_allclose(index[1:] / index[:-1], factor[:-1], rtol=1e-14)
    np.testing.assert_allclose(
        reserve.supply_rate,
        reserve.borrow_rate * reserve.utilisation * (1.0 - MODELS[asset].reserve_factor),
        rtol=1e-14,
    )


def test_the_rate_curve_has_its_kink_at_the_optimum() -> None:
    model = MODELS["USDT"]
    rates = borrow_rate(model, np.array([0.0, model.optimal / 2, model.optimal, 1.0]))
    np.testing.assert_allclose(rates, [0.0, model.slope1 / 2, model.slope1, model.slope1 + model.slope2])


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        (0.0, 0.0001),
        (0.0006, 0.0001),
        (0.0010, 0.0005),
        (-0.0004, 0.0001),
        (-0.0010, -0.0005),
        (0.5, 0.003),
        (-0.5, -0.003),
    ],
)
def test_funding_formula(premium: float, rate: float) -> None:
    assert float(rate_from_premium(np.array([premium]), cap=0.003)[0]) == pytest.approx(rate, abs=1e-15)


def test_premiums_are_weighted_by_age_except_on_okx() -> None:
    path = np.array([9.0, 0, 0, 0, 0, 0, 0, 0, 1.0])
    assert average_premium(path, "binance")[0] == pytest.approx(8 / 36)
    assert average_premium(path, "bybit")[0] == pytest.approx(8 / 36)
    assert average_premium(path, "okx")[0] == pytest.approx(1 / 8)


def test_every_settlement_follows_from_the_eight_hours_before_it(market: Market) -> None:
    for (venue, asset), rates in market.funding.items():
        premium = market.prices.premium[venue, asset]
        assert len(rates) == len(market.window.hours) // 8
        for k in (1, 200, len(rates) - 1):
            past = premium[8 * k - 7 : 8 * k + 1]
            weights = np.ones(8) if venue == "okx" else np.arange(1, 9)
            mean = float(past @ weights / weights.sum())
            expected = mean + min(max(0.0001 - mean, -0.0005), 0.0005)
            cap = CAP[venue, asset]
            assert rates[k] == pytest.approx(min(max(expected, -cap), cap), abs=1e-8)


def change(market: Market, asset: str, episode: regimes.Episode) -> float:
    hours = episode.hours(market.window)
    path = market.prices.fair[asset]
    return float(path[hours.stop] / path[hours.start] - 1.0)


def test_the_planned_episodes_happen(market: Market) -> None:
    window = market.window
    assert -0.20 <= change(market, "ETH", regimes.CRASH) <= -0.15
    assert change(market, "ETH", regimes.RALLY) >= 0.30
    spike = market.reserves["USDT"].borrow_rate[regimes.BORROW_SPIKE.hours(window)]
    assert spike.max() > 0.25
    discount = (market.lsts["weETH"].market / market.lsts["weETH"].hourly - 1.0) * 1e4
    assert -95.0 < discount.min() < -65.0
    fortnight = regimes.NEGATIVE_FUNDING.hours(window)
    settlements = slice(fortnight.start // 8, fortnight.stop // 8)
    assert all(rates[settlements].sum() < 0.0 for rates in market.funding.values())
    assert market.gas.price[regimes.GAS_SPIKE.hours(window)].max() > 10.0 * np.median(market.gas.price)


def test_carry_is_plausible(market: Market) -> None:
    window = market.window
    first, years = window.hour_index(0), window.days / 365.0
    supply = market.reserves["USDT"].liquidity_index
    assert 0.04 < (supply[-1] / supply[first]) ** (1 / years) - 1.0 < 0.06
    for rates in market.funding.values():
        assert 0.05 < rates[first // 8 :].sum() / years < 0.10
    for name in ("weETH", "wstETH"):
        rate = market.lsts[name].rate
        assert 0.025 < (rate[-1] / rate[first // 24]) ** (1 / years) - 1.0 < 0.033
        assert (np.diff(rate) >= 0.0).all()
    assert (np.diff(market.lsts["weETH"].rate) == 0.0).sum() == 3


def test_returns_are_correlated_and_no_hour_is_absurd(market: Market) -> None:
    returns = {asset: np.diff(np.log(path)) for asset, path in market.prices.fair.items()}
    assert 0.75 < np.corrcoef(returns["BTC"], returns["ETH"])[0, 1] < 0.95
    assert max(np.abs(values).max() for values in returns.values()) < 0.10
    assert set(np.unique(market.states)) == {regimes.CALM, regimes.NORMAL, regimes.STRESSED}
