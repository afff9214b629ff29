"""Stamps: nonsense, contradiction, grid, jitter, order, duplicates, declared periods, interpolation, holes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

PERP = "binance_btc_perp"
FUNDING = "binance_btc_funding"


def funding_file(stamps: list[str], rates: list[float] | None = None) -> str:
    rates = rates or [0.0001 + (n * 7 % 11) * 1e-6 + (n * n % 5) * 1e-7 for n in range(len(stamps))]
    rows = [f"{stamp},{rate!r},BTCUSDT,made_up" for stamp, rate in zip(stamps, rates, strict=True)]
    return "\n".join(["funding_timestamp,funding_rate,symbol,source", *rows]) + "\n"


def settlements(days: int, seconds: int = 0, year: int = 2024) -> list[str]:
    return [f"{year}-06-{d:02d}T{h:02d}:00:{seconds:02d}Z" for d in range(1, days + 1) for h in (0, 8, 16)]


def test_unreadable_stamp_is_named_by_line_and_text(folder) -> None:
    lines = folder.bars()
    lines[10] = folder.bar(10, when="around ten")
    load = folder.load(PERP, folder.perp_file(lines))
    (problem,) = load.problems
    assert (problem.code, problem.key) == ("DATA-005", "line 12")
    assert "around ten" in problem.value
    assert problem.expected.startswith("stamp_readable")
    assert len(load.quarantine) == 1
    assert [gap.gap_start.hour for gap in load.gaps] == [10]


def test_stamp_without_zone_is_refused_where_utc_is_not_declared(folder) -> None:
    lines = folder.bars()
    lines[10] = folder.bar(10, when="2024-06-01 10:00:00")
    assert [problem.code for problem in folder.load(PERP, folder.perp_file(lines)).problems] == ["DATA-005"]


@pytest.mark.parametrize(
    "when", ["2024-06-01T12:00:00+02:00", "2024-06-01T10:00:00+00:00Z", "1717236000", "1717236000000"]
)
def test_other_styles_of_the_same_hour_give_the_same_rows(folder, when: str) -> None:
    plain = folder.load(PERP, folder.perp_file(folder.bars())).rows
    lines = folder.bars()
    lines[10] = folder.bar(10, when=when)
    load = folder.load(PERP, folder.perp_file(lines))
    assert load.problems == []
    assert load.rows.equals(plain)


def test_two_stamp_columns_that_differ(folder) -> None:
    text = folder.aave_file([(1.03, 1.05), (1.031, 1.052), (1.0325, 1.055), (1.033, 1.057)])
    load = folder.load("aave_usdt_reserve", text.replace("2024-06-02T00:00:00Z", "2024-06-03T00:00:00Z"))
    (problem,) = load.problems
    assert (problem.code, problem.key) == ("DATA-005", "line 3")
    assert problem.expected.startswith("stamps_agree")


def test_half_past_is_off_the_grid(folder) -> None:
    lines = folder.bars()
    lines[10] = folder.bar(10, when="2024-06-01T10:30:00Z")
    (problem,) = folder.load(PERP, folder.perp_file(lines)).problems
    assert problem.key == "2024-06-01T10:30Z"
    assert problem.expected.startswith("on_grid")


def test_late_funding_stamps_are_snapped_and_counted(folder) -> None:
    load = folder.load(FUNDING, funding_file(settlements(10, seconds=7)))
    assert load.problems == []
    assert folder.failed(load)["stamp_jitter"].startswith("30 rows")
    assert load.rows["ts"][1].as_py() == datetime(2024, 6, 1, 8, tzinfo=UTC)


def test_funding_stamps_beyond_the_tolerance_are_refused(folder) -> None:
    stamps = settlements(10)
    stamps[4] = "2024-06-02T08:02:00Z"
    (problem,) = folder.load(FUNDING, funding_file(stamps)).problems
    assert problem.key == "2024-06-02T08:02Z"
    assert problem.expected.startswith("on_grid")


def test_snapping_may_reveal_a_conflict(folder) -> None:
    stamps = [*settlements(10), "2024-06-02T08:00:05Z"]
    (problem,) = folder.load(FUNDING, funding_file(stamps)).problems
    assert (problem.code, problem.key) == ("DATA-004", "2024-06-02T08:00Z")


def test_missing_funding_days_are_holes_and_stay_empty(folder) -> None:
    stamps = [stamp for stamp in settlements(20) if not stamp.startswith("2024-06-07")]
    load = folder.load(FUNDING, funding_file(stamps))
    (gap,) = load.gaps
    assert (gap.venue, gap.symbol, gap.missing, gap.resolution) == ("binance", "BTCUSDT", 3, "unresolved")
    assert gap.gap_start == datetime(2024, 6, 7, 0, tzinfo=UTC)
    assert gap.gap_end == datetime(2024, 6, 7, 16, tzinfo=UTC)
    assert load.rows.num_rows == 57


def test_holes_are_named_to_the_hour(folder) -> None:
    lines = [line for hour, line in enumerate(folder.bars()) if hour not in {5, 6, 7, 40}]
    load = folder.load(PERP, folder.perp_file(lines))
    assert load.problems == []
    assert [(gap.gap_start.isoformat()[:13], gap.missing) for gap in load.gaps] == [
        ("2024-06-01T05", 3),
        ("2024-06-02T16", 1),
    ]
    assert "2024-06-01T05:00Z..07:00Z (3), 2024-06-02T16:00Z" in folder.failed(load)["holes"]


def test_unsorted_rows_are_sorted_and_counted(folder) -> None:
    lines = folder.bars()
    lines[10], lines[11] = lines[11], lines[10]
    load = folder.load(PERP, folder.perp_file(lines))
    assert load.problems == []
    assert folder.failed(load)["sorted_rows"].startswith("1 rows")
    assert load.rows["ts"].to_pylist() == sorted(load.rows["ts"].to_pylist())
    assert load.rows["source_row"].to_pylist()[10:12] == [13, 12]


def test_exact_duplicates_are_dropped_and_counted(folder) -> None:
    lines = folder.bars()
    load = folder.load(PERP, folder.perp_file([*lines[:20], lines[19], *lines[20:]]))
    assert load.problems == []
    assert folder.failed(load)["exact_duplicates"] == "1 rows 2024-06-01T19:00Z"
    assert load.rows.num_rows == 72


@pytest.mark.parametrize("swapped", [False, True])
def test_both_rows_of_a_conflict_go_whatever_their_order(folder, swapped: bool) -> None:
    lines = folder.bars()
    pair = [lines[19], folder.bar(19, 950.0)]
    lines[19:20] = pair[::-1] if swapped else pair
    load = folder.load(PERP, folder.perp_file(lines))
    (problem,) = load.problems
    assert (problem.code, problem.key) == ("DATA-004", "2024-06-01T19:00Z")
    assert problem.where.endswith("binance_BTCUSDT_perp_1h_made_up.csv")
    assert problem.expected.startswith("conflicting_duplicates")
    assert "950.0" in problem.value
    assert len(load.quarantine) == 2
    assert [gap.gap_start.hour for gap in load.gaps] == [19]


def test_three_rows_of_one_hour_two_of_them_equal(folder) -> None:
    lines = folder.bars()
    load = folder.load(PERP, folder.perp_file([*lines, lines[19], folder.bar(19, 950.0)]))
    assert [problem.code for problem in load.problems] == ["DATA-004"]
    assert datetime(2024, 6, 1, 19, tzinfo=UTC) not in load.rows["ts"].to_pylist()


def test_conflict_inside_a_declared_invalid_period_does_not_block(folder) -> None:
    stamps = [
        *settlements(9, year=2025),
        *[f"2025-06-{day}T{hour}:00:00Z" for day in range(10, 20) for hour in ("00", "08", "16")],
    ]
    load = folder.load("okx_btc_funding", funding_file([*stamps, "2025-06-03T08:00:00Z"]))
    assert load.problems == []
    assert load.rows.num_rows == 30
    assert len(load.quarantine) == 28
    assert all(row.reason.startswith("invalid_period: the archive holds the predicted rate") for row in load.quarantine)
    assert load.gaps[0].missing == 27


def test_files_of_one_series_may_overlap_where_they_agree(folder) -> None:
    lines = folder.bars()
    pattern = folder.datasets[PERP].files
    folder.write(pattern.replace("*", "2024_a"), folder.perp_file(lines[:50]))
    folder.write(pattern.replace("*", "2024_b"), folder.perp_file(lines[30:]))
    load = folder.load(PERP)
    assert load.problems == []
    assert load.rows.num_rows == 72
    assert set(load.rows["source"].to_pylist()) == {f"csv/binance_BTCUSDT_perp_1h_2024_{part}.csv" for part in "ab"}


def oracle_file(hours: int, rate) -> str:
    rows = [
        f"2024-06-{1 + hour // 24:02d} {hour % 24:02d}:00:00+00:00,{rate(hour)!r},weETH,x,ETH" for hour in range(hours)
    ]
    return "\n".join(["# Source: made up", "timestamp,oracle_price_eth,asset,source,quote_currency", *rows]) + "\n"


def test_interpolated_rows_never_pass_as_observations(folder) -> None:
    load = folder.load(
        "weeth_oracle_rate", oracle_file(24 * 8, lambda hour: 1.04 + 1e-6 * hour + 1e-9 * (hour * hour % 97))
    )
    assert load.problems == []
    assert {moment.hour for moment in load.rows["ts"].to_pylist()} == {0}
    assert load.rows.num_rows == 8
    (check,) = [check for check in load.checks if check.check_name == "observed_only"]
    assert check.observed == "184 interpolated rows dropped"
