"""Every way a stamp or a number is written in raw files, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from pipelines.sources.cells import parse_numbers, parse_stamps

ALL = ["iso8601", "epoch_s", "epoch_ms"]
NOON = int(datetime(2024, 5, 12, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-12T12:00:00Z",
        "2024-05-12T12:00:00+00:00Z",
        "2024-05-12T12:00:00+00:00",
        "2024-05-12 12:00:00+00:00",
        "2024-05-12T12:00Z",
        "2024-05-12T12:00:00.000Z",
        "2024-05-12T14:00:00+02:00",
        "2024-05-12T20:00:00+0800",
        "2024-05-12T07:00:00-05",
        "1715515200",
        "1715515200.0",
        "1715515200000",
    ],
)
def test_one_instant_however_it_is_written(text: str) -> None:
    micros, unreadable = parse_stamps(pa.array([text]), ALL, None)
    assert not unreadable.any()
    assert micros[0] == NOON


def test_mixed_styles_are_read_cell_by_cell() -> None:
    micros, unreadable = parse_stamps(pa.array(["2024-05-12T12:00:00Z", "1715515200", "1715515200000"]), ALL, None)
    assert not unreadable.any()
    assert (micros == NOON).all()


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "",
        "2024-02-30T00:00:00Z",
        "2024-05-12T25:00:00Z",
        "2024-13-01T00:00:00Z",
        "12/05/2024 12:00",
        "2024-05-12T12:00:00+02:00Z",
        "2024-05-12T12:00:00+99:00",
        "2024-05-12T12:00:00 CEST",
        "0",
        "1715515200000000000",
        "1970-01-01T00:00:00Z",
        "nan",
        "-1715515200",
        "2024-05-12",
    ],
)
def test_nonsense_is_marked_and_never_guessed(text: str) -> None:
    _, unreadable = parse_stamps(pa.array([text, "2024-05-12T12:00:00Z"]), ALL, None)
    assert unreadable.tolist() == [True, False]


def test_a_stamp_without_zone_is_utc_only_where_declared() -> None:
    texts = pa.array(["2024-05-12 12:00:00"])
    assert parse_stamps(texts, ["iso8601"], None)[1].all()
    micros, unreadable = parse_stamps(texts, ["iso8601"], "UTC")
    assert not unreadable.any()
    assert micros[0] == NOON


def test_a_date_is_its_midnight_and_needs_to_be_declared() -> None:
    micros, unreadable = parse_stamps(pa.array(["2024-05-12", "2024-05-12T12:00:00Z"]), ["date"], None)
    assert unreadable.tolist() == [False, True]
    assert micros[0] == NOON - 12 * 3600 * 1_000_000


def test_epoch_milliseconds_are_no_epoch_seconds() -> None:
    assert parse_stamps(pa.array(["1715515200000"]), ["epoch_s"], None)[1].all()
    assert parse_stamps(pa.array(["1715515200"]), ["epoch_ms"], None)[1].all()


def test_numbers_keep_every_digit_and_text_is_marked() -> None:
    values, unreadable = parse_numbers(pa.array(["1.0361969326346498", "1.40369429193e-05", None, "1,5", "x"]))
    assert values[0] == 1.0361969326346498
    assert values[1] == 1.40369429193e-05
    assert np.isnan(values[2])
    assert unreadable.tolist() == [False, False, False, True, True]
