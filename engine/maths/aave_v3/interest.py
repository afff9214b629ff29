"""Interest over time and the kinked interest-rate strategy, in ray integers.

Sources: ``MathUtils.sol`` and ``DefaultReserveInterestRateStrategy.sol`` of aave-v3-core 1.19.3; ``MathUtils.sol`` and
``DefaultReserveInterestRateStrategyV2.sol`` of aave-v3-origin 3.6.0.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.maths.aave_v3.ray import BPS, RAY, percent_mul, ray_div, ray_mul, wad_to_ray

SECONDS_PER_YEAR = 365 * 24 * 3600
RAY_PER_BPS = RAY // BPS


def linear_interest(rate: int, seconds: int) -> int:
    """Growth factor (ray) of a supply at ``rate`` (ray per year) over ``seconds``: 1 + rate · t / year."""
    return RAY + rate * seconds // SECONDS_PER_YEAR


def binomial_interest(rate: int, seconds: int) -> int:
    """Growth factor (ray) of a debt, version 3.0: three binomial terms with per-second powers truncated.

    The powers of the rate are cut to whole rays *before* they are multiplied by the seconds, which is why
    neither ``exp`` nor ``(1 + r/n)^n`` comes close enough.
    """
    if seconds == 0:
        return RAY
    before_last = seconds - 2 if seconds > 2 else 0
    power_two = ray_mul(rate, rate) // (SECONDS_PER_YEAR * SECONDS_PER_YEAR)
    power_three = ray_mul(power_two, rate) // SECONDS_PER_YEAR
    second_term = seconds * (seconds - 1) * power_two // 2
    third_term = seconds * (seconds - 1) * before_last * power_three // 6
    return RAY + rate * seconds // SECONDS_PER_YEAR + second_term + third_term


def taylor_interest(rate: int, seconds: int) -> int:
    """Growth factor (ray) of a debt, version 3.6: 1 + x + x²/2 + x³/6 with x = rate · t / year."""
    x = rate * seconds // SECONDS_PER_YEAR
    return RAY + x + ray_mul(x, x // 2 + ray_mul(x, x // 6))


@dataclass(frozen=True, slots=True)
class RateStrategy:
    """A kinked borrow-rate curve; every parameter in basis points (10,000 = 100 %)."""

    optimal_usage: int
    base_rate: int
    slope1: int
    slope2: int

    def borrow_rate(self, usage: int) -> int:
        """Variable borrow rate (ray per year) at a borrow usage ratio (ray)."""
        optimal = self.optimal_usage * RAY_PER_BPS
        base, slope1 = self.base_rate * RAY_PER_BPS, self.slope1 * RAY_PER_BPS
        if usage > optimal:
            excess = ray_div(usage - optimal, RAY - optimal)
            return base + slope1 + ray_mul(self.slope2 * RAY_PER_BPS, excess)
        return base + ray_div(ray_mul(slope1, usage), optimal)


def interest_rates(
    strategy: RateStrategy,
    available: int,
    total_debt: int,
    reserve_factor: int,
    deficit: int = 0,
    *,
    averages_debt: bool = False,
) -> tuple[int, int]:
    """(liquidity rate, variable borrow rate), both ray per year.

    ``available`` and ``total_debt`` are token units after the movement at hand, ``reserve_factor`` is in basis points.
    ``deficit`` (bad debt, token units) widens the denominator of the supply side only.  ``averages_debt`` repeats the
    rounding of version 3.0, which weighs stable and variable debt even where there is only variable debt.
    """
    if total_debt == 0:
        return 0, strategy.base_rate * RAY_PER_BPS
    borrow_rate = strategy.borrow_rate(ray_div(total_debt, available + total_debt))
    paid = borrow_rate
    if averages_debt:
        weighed = wad_to_ray(total_debt)
        paid = ray_div(ray_mul(weighed, borrow_rate), weighed)
    supply_usage = ray_div(total_debt, available + total_debt + deficit)
    return percent_mul(ray_mul(paid, supply_usage), BPS - reserve_factor), borrow_rate
