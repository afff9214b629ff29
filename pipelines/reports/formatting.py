"""How numbers and times are written for people."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

MINUS = "\u2212"
ABSENT = "\u2013"


def number(value: Any, digits: int = 2, signed: bool = False) -> str:
    """Thousands separated, a true minus sign; a dash for a value the run does not have."""
    if is_absent(value):
        return ABSENT
    rounded = round(float(value), digits)
    if math.isinf(rounded):
        return "∞" if rounded > 0 else MINUS + "∞"
    text = f"{abs(rounded):,.{digits}f}"
    if rounded < 0:
        return MINUS + text
    return "+" + text if signed and rounded > 0 else text


def percent(value: Any, digits: int = 2, signed: bool = False) -> str:
    """A fraction as per cent."""
    return ABSENT if is_absent(value) else number(float(value) * 100, digits, signed) + "%"


def tiny(value: Any) -> str:
    """A number near the floating-point floor, e.g. `3.2e−12`."""
    if is_absent(value):
        return ABSENT
    return "0" if float(value) == 0 else f"{float(value):.1e}".replace("-", MINUS)


def count(value: Any) -> str:
    return ABSENT if is_absent(value) else f"{int(value):,}"


def moment(value: Any) -> str:
    """`2024-05-12 00:00 UTC`."""
    return ABSENT if is_absent(value) else pd.Timestamp(value).tz_convert("UTC").strftime("%Y-%m-%d %H:%M UTC")


def hour(value: Any) -> str:
    """`2024-05-12 00:00`, under a heading that says UTC."""
    return moment(value).removesuffix(" UTC")


def is_absent(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))
