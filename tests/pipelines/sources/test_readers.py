"""Raw text to rows with line numbers: comments, BOM, line ends, cut-off rows, JSON cost tables."""

from __future__ import annotations

import pytest

from pipelines.sources.costs_reader import read_execution_costs
from pipelines.sources.csv_reader import read_csv
from pipelines.sources.dataset import FormatConfig
from pipelines.sources.raw import UnreadableFileError

PLAIN = FormatConfig(encoding="utf-8")
COMMENTED = FormatConfig(encoding="utf-8", comment_prefix="#")


def test_leading_comments_are_skipped_and_a_hash_inside_a_row_is_text() -> None:
    table = read_csv(b"# Source: x\n# Records: 2\nday,note\n1,Top-Up #1\n2,#2\n", ["day", "note"], COMMENTED)
    assert table.cells.to_pydict() == {"day": ["1", "2"], "note": ["Top-Up #1", "#2"]}
    assert table.lines.tolist() == [4, 5]


def test_bom_crlf_and_missing_final_newline() -> None:
    table = read_csv(b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4", ["b", "a"], PLAIN)
    assert table.cells.to_pydict() == {"b": ["2", "4"], "a": ["1", "3"]}
    assert table.lines.tolist() == [2, 3]


def test_cut_off_rows_are_set_aside_with_their_line_and_text() -> None:
    table = read_csv(b"a,b,c\n1,2,3\n\n4,5\n6,7,8\n9,9,9,9\n", ["a", "c"], PLAIN)
    assert table.malformed == ((4, "4,5"), (6, "9,9,9,9"))
    assert table.lines.tolist() == [2, 3, 5]
    assert table.cells["a"].to_pylist() == ["1", None, "6"]


def test_quoted_text_may_hold_commas() -> None:
    assert read_csv(b'a,b\n"x, y",2\n', ["a"], PLAIN).cells["a"].to_pylist() == ["x, y"]


@pytest.mark.parametrize("data", [b"", b"<html>no</html>\n", b"other,names\n1,2\n"])
def test_missing_columns_are_named(data: bytes) -> None:
    assert read_csv(data, ["timestamp", "open"], PLAIN).missing == ("timestamp", "open")


def test_header_without_rows() -> None:
    assert read_csv(b"a,b", ["a"], PLAIN).cells.num_rows == 0


@pytest.mark.parametrize("data", [b"a,a\n1,2\n", b"\xff\xfea,b\n", b"a,b\n\xff\xff,1\n"])
def test_text_that_cannot_be_laid_out_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read_csv(data, ["a"], PLAIN)


def test_execution_costs_have_one_row_a_leaf_with_its_line() -> None:
    table = read_execution_costs(
        b'{\n "ETH_USDT": {\n  "10k": {\n   "2024-01-01": 5,\n   "2024-01-02": 5.5\n  }\n }\n}\n'
    )
    assert table.cells.to_pylist() == [
        {"pair": "ETH_USDT", "size": "10000", "date": "2024-01-01", "bps": "5"},
        {"pair": "ETH_USDT", "size": "10000", "date": "2024-01-02", "bps": "5.5"},
    ]
    assert table.lines.tolist() == [4, 5]


def test_a_name_written_twice_yields_both_rows() -> None:
    table = read_execution_costs(b'{"A": {"1m": {"2024-01-01": 5, "2024-01-01": 6}}}')
    assert table.cells["bps"].to_pylist() == ["5", "6"]
    assert table.cells["size"].to_pylist() == ["1000000", "1000000"]


@pytest.mark.parametrize(
    "data", [b'{"A": {"10k": ', b"<html>", b'{"A": 3}', b'{"A": {"10k": {"2024-01-01": null}}}', b"[]"]
)
def test_other_json_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read_execution_costs(data)
