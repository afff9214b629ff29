"""Aave's fixed-point arithmetic on Python integers: ray (1e27), wad (1e18) and basis points (1e4).

Sources: ``WadRayMath.sol`` and ``PercentageMath.sol`` of aave-v3-core 1.19.3 (half up) and aave-v3-origin 3.6.0
(which adds the floor and ceil forms).  All arguments are non-negative integers; a zero divisor is a
``ZeroDivisionError`` where the contract reverts.
"""

from __future__ import annotations

WAD = 10**18
RAY = 10**27
BPS = 10**4
WAD_RAY_RATIO = RAY // WAD
MAX_UINT256 = 2**256 - 1


def mul_div_ceil(a: int, b: int, c: int) -> int:
    """``a · b / c`` rounded up (``MathUtils.mulDivCeil``)."""
    return -(-a * b // c)


def wad_mul(a: int, b: int) -> int:
    """``a · b`` of two wads, rounded half up."""
    return (a * b + WAD // 2) // WAD


def wad_div(a: int, b: int) -> int:
    """``a / b`` as a wad, rounded half up."""
    return (a * WAD + b // 2) // b


def wad_to_ray(a: int) -> int:
    """A wad as a ray."""
    return a * WAD_RAY_RATIO


def ray_mul(a: int, b: int) -> int:
    """``a · b`` of two rays, rounded half up."""
    return (a * b + RAY // 2) // RAY


def ray_mul_floor(a: int, b: int) -> int:
    """``a · b`` of two rays, rounded down."""
    return a * b // RAY


def ray_mul_ceil(a: int, b: int) -> int:
    """``a · b`` of two rays, rounded up."""
    return mul_div_ceil(a, b, RAY)


def ray_div(a: int, b: int) -> int:
    """``a / b`` as a ray, rounded half up."""
    return (a * RAY + b // 2) // b


def ray_div_floor(a: int, b: int) -> int:
    """``a / b`` as a ray, rounded down."""
    return a * RAY // b


def ray_div_ceil(a: int, b: int) -> int:
    """``a / b`` as a ray, rounded up."""
    return mul_div_ceil(a, RAY, b)


def percent_mul(value: int, percentage: int) -> int:
    """``value`` times ``percentage`` basis points, rounded half up."""
    return (value * percentage + BPS // 2) // BPS


def percent_mul_floor(value: int, percentage: int) -> int:
    """``value`` times ``percentage`` basis points, rounded down."""
    return value * percentage // BPS


def percent_div(value: int, percentage: int) -> int:
    """``value`` divided by ``percentage`` basis points, rounded half up."""
    return (value * BPS + percentage // 2) // percentage


def percent_div_ceil(value: int, percentage: int) -> int:
    """``value`` divided by ``percentage`` basis points, rounded up."""
    return mul_div_ceil(value, BPS, percentage)
