"""Bad files as a whole: absent, unreadable, without columns, cut off, or made up."""

from __future__ import annotations

import pytest

PERP = "binance_btc_perp"
FILE = "market_data/derivatives/futures_ohlcv/binance_BTCUSDT_perp_1h_made_up.csv"


def test_sound_file_passes_every_rule(folder) -> None:
    load = folder.load(PERP, folder.perp_file(folder.bars()))
    assert (load.problems, load.quarantine, load.gaps) == ([], [], [])
    assert folder.failed(load) == {}
    assert load.rows.num_rows == 72
    first = load.rows.slice(0, 1).to_pylist()[0]
    assert (first["venue"], first["symbol"]) == ("binance", "BTCUSDT")
    assert first["source"] == "csv/binance_BTCUSDT_perp_1h_made_up.csv"
    assert first["source_row"] == 2


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_bom_change_nothing(folder, end: str, bom: bytes) -> None:
    plain = folder.load(PERP, folder.perp_file(folder.bars()))
    other = folder.load(PERP, bom + folder.perp_file(folder.bars(), end).encode())
    assert other.problems == []
    assert other.rows.equals(plain.rows)


def test_absent_file_blocks_unless_a_proxy_is_declared(folder) -> None:
    blocked = folder.load("bybit_btc_perp")
    assert [problem.code for problem in blocked.problems] == ["DATA-001"]
    assert "bybit_BTCUSDT_perp_1h_*.csv" in blocked.problems[0].expected
    proxied = folder.load("okx_btc_perp")
    assert proxied.problems == []
    assert proxied.absent
    assert "binance_btc_perp, bybit_btc_perp" in folder.failed(proxied)["file_present"]
    severities = [
        check.severity for load in (blocked, proxied) for check in load.checks if check.check_name == "file_present"
    ]
    assert severities == ["blocking", "warning"]


@pytest.mark.parametrize("text", ["<html><body>502</body></html>\n", ""])
def test_a_page_instead_of_data_lacks_every_column(folder, text: str) -> None:
    load = folder.load(PERP, text)
    missing = {problem.value for problem in load.problems}
    assert "column timestamp is missing" in missing
    assert "column open is missing" in missing
    assert all(problem.where == FILE and problem.expected.startswith("required_columns") for problem in load.problems)


def test_another_encoding_is_unreadable(folder) -> None:
    load = folder.load(PERP, folder.perp_file(folder.bars()).encode("utf-16"))
    assert [problem.code for problem in load.problems] == ["DATA-008"]
    assert load.problems[0].expected.startswith("file_readable")


def test_cut_off_row_is_named_by_line_and_quarantined(folder) -> None:
    lines = folder.bars()
    lines[40] = lines[40][:30]
    load = folder.load(PERP, folder.perp_file(lines))
    (problem,) = load.problems
    assert (problem.where, problem.key) == (FILE, "line 42")
    assert problem.expected.startswith("row_form")
    assert [row.row_key for row in load.quarantine] == [f"{FILE}:42"]
    assert load.rows["source_row"].to_pylist() == [n for n in range(2, 74) if n != 42]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (lambda folder: folder.perp_file([*folder.bars(71), folder.bar(71)[:30]]), "row_form"),
        (lambda folder: folder.perp_file([]), "placeholder"),
        (lambda folder: folder.perp_file(folder.bars()).replace("open", "opn", 1), "required_columns"),
        (lambda folder: folder.perp_file(folder.bars()).encode("utf-16"), "file_readable"),
    ],
)
def test_what_blocks_is_a_failed_check_too(folder, text, rule: str) -> None:
    """The checks are what the warehouse remembers; a breach that is no check would be forgotten."""
    load = folder.load(PERP, text(folder))
    assert load.blocked
    assert rule in folder.failed(load)


def test_header_without_rows_is_a_placeholder(folder) -> None:
    load = folder.load(PERP, folder.perp_file([]))
    assert {problem.code for problem in load.problems} == {"DATA-007"}
    assert load.problems[0].value == "a header and no rows"


def test_stub_of_24_rows_is_a_placeholder(folder) -> None:
    load = folder.load(PERP, folder.perp_file(folder.bars(24)))
    assert [problem.code for problem in load.problems] == ["DATA-007"]
    assert load.problems[0].key == "2024-06-01T00:00Z..2024-06-01T23:00Z"
    assert "24 rows" in load.problems[0].value


@pytest.mark.parametrize(
    "price",
    [lambda hour: 100.0 + 0.0 * hour, lambda hour: 100.0 + 0.01 * hour, lambda hour: 100.0 + 0.001 * hour * hour],
    ids=["constant", "straight", "parabola"],
)
def test_made_up_ramp_is_a_placeholder(folder, price) -> None:
    load = folder.load(PERP, folder.perp_file([folder.bar(hour, price(hour)) for hour in range(200)]))
    assert [problem.code for problem in load.problems] == ["DATA-007"]
    assert "ramp" in load.problems[0].value
    assert load.problems[0].expected.startswith("placeholder")


def test_cost_table_that_is_cut_off(folder) -> None:
    load = folder.load("execution_costs", '{"ETH_USDT": {"10k": {"2024-01-01": 5')
    assert [problem.code for problem in load.problems] == ["DATA-008"]
    assert load.problems[0].where.endswith("execution_costs_lookup.json")


def test_cost_size_of_unknown_form_is_no_number(folder) -> None:
    load = folder.load("execution_costs", '{"ETH_USDT": {"ten": {"2024-01-01": 5}}}')
    assert "size = 'ten'" in load.problems[0].value
    assert load.problems[0].key == "2024-01-01T00:00Z"
