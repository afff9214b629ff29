"""What may be written, and how a refusal reads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from made_up_lake import START

from engine.errors import BasisError
from pipelines.warehouse import Lake

N = 3
TS = START + 3600 * np.arange(N)


def rates(**changes: Any) -> dict[str, Any]:
    rows = {"ts": TS, "name": "ethena_susde", "apy": np.full(N, 0.05), "source": "csv/a.csv", "is_projected": False,
            "is_proxied": False, "proxy_of": None, "load_id": "l", "data_root_id": "r"}  # fmt: skip
    return {name: value for name, value in (rows | changes).items() if not isinstance(value, type(...))}


def refusal(lake: Lake, rows: Any, table: str = "market.benchmark_rates") -> BasisError:
    with pytest.raises(BasisError) as refused:
        lake.write_partition(table, "r", rows)
    assert refused.value.code == "API-001"
    assert not lake.has(table, "r")
    return refused.value


@pytest.mark.parametrize(
    ("column", "value", "found", "expected"),
    [
        ("apy", ..., "missing", "DOUBLE NOT NULL"),
        ("apy", ["0.05"] * N, "string", "DOUBLE NOT NULL"),
        ("apy", [0.05, None, 0.05], "NULL in 1 of 3 rows, first in row 1", "DOUBLE NOT NULL"),
        ("apy", [0.05, 0.05, np.nan], "NaN in 1 of 3 rows, first in row 2", "DOUBLE NOT NULL"),
        ("apy", [0.05, np.inf, 0.05], "infinite, first in row 1", "DOUBLE NOT NULL; finite"),
        ("name", 7, "int64", "VARCHAR NOT NULL"),
        ("name", ["a", 1, 2.5], "values of no single type", "VARCHAR NOT NULL"),
        ("is_proxied", [0, 1, 0], "int64", "BOOLEAN NOT NULL"),
        ("ts", [datetime(2024, 5, 12)] * N, "timestamp[us]", "TIMESTAMPTZ NOT NULL; times need a zone"),  # noqa: DTZ001
        ("ts", TS * 1000, "integers 1715472000000", "TIMESTAMPTZ NOT NULL (integers are epoch seconds"),
        ("ts", ["2024-05-12"] * N, "string", "TIMESTAMPTZ NOT NULL"),
        ("ts", [date(2024, 5, 12)] * N, "date32[day]", "TIMESTAMPTZ NOT NULL"),
        ("apr", 0.05, "unknown column", "one of: ts, name, apy"),
    ],
)
def test_a_refusal_names_table_column_expected_and_found(
    lake: Lake, column: str, value: Any, found: str, expected: str
) -> None:
    (problem,) = refusal(lake, rates(**{column: value})).problems
    assert problem.where == "market.benchmark_rates/r"
    assert problem.key == column
    assert found in problem.value
    assert expected in problem.expected


def test_all_problems_come_at_once(lake: Lake) -> None:
    error = refusal(lake, rates(apy=..., name=7, extra=1))
    assert [problem.key for problem in error.problems] == ["apy", "extra", "name"]


def test_columns_of_different_length_are_refused(lake: Lake) -> None:
    assert refusal(lake, rates(apy=np.zeros(2))).found == "ts: 3, apy: 2"


def test_repeated_keys_are_refused(lake: Lake) -> None:
    error = refusal(lake, rates(ts=TS[[0, 1, 1]]))
    assert error.expected == "one row per (data_root_id, ts, name)"
    assert error.found is not None
    assert "2024-05-12 01:00:00+00:00" in error.found


def test_fractions_do_not_become_integers(lake: Lake) -> None:
    row = {"run_id": "x", "status": "failed", "finished_at": datetime.now(UTC), "proxied_rows": 2.0}
    (problem,) = refusal(lake, row, "results.run_ends").problems
    assert (problem.key, problem.value, problem.expected) == ("proxied_rows", "double", "BIGINT")


def test_unknown_table_and_bad_partition_are_refused(lake: Lake) -> None:
    with pytest.raises(BasisError, match=r"no table market\.prices"):
        lake.write_partition("market.prices", "r", {})
    for partition in ("", "../x", "_seed", "a/b"):
        with pytest.raises(BasisError, match="cannot name a partition"):
            lake.write_partition("market.benchmark_rates", partition, rates())


@pytest.mark.parametrize(
    "ts",
    [
        TS,
        TS.astype("datetime64[s]").astype("datetime64[ns]"),
        [datetime.fromtimestamp(int(t), UTC) for t in TS],
        pa.array(TS * 10**9, pa.timestamp("ns", tz="Europe/Berlin")),
        pd.to_datetime(pd.Series(TS), unit="s", utc=True),
    ],
    ids=["epoch seconds", "numpy", "datetime", "arrow", "pandas"],
)
def test_every_way_to_write_an_instant_is_stored_as_utc(lake: Lake, ts: Any) -> None:
    lake.write_partition("market.benchmark_rates", "r", rates(ts=ts))
    stored = lake.read("market.benchmark_rates", ["r"])
    assert stored.schema.field("ts").type == pa.timestamp("us", tz="UTC")
    assert stored["ts"].cast(pa.int64()).to_pylist() == (TS * 1_000_000).tolist()


def test_values_that_fit_are_cast_and_nan_becomes_null(lake: Lake) -> None:
    table = pa.table({"ts": pa.array(TS.astype("datetime64[s]"), pa.timestamp("s", tz="UTC")),
                      "gas_price_gwei": np.array([1, 2, 3], dtype="int32"),
                      "base_fee_gwei": np.array([1.0, np.nan, 3.0]),
                      "source": pa.array(["a", "b", "c"]).dictionary_encode()})  # fmt: skip
    constants = {"is_projected": False, "is_proxied": False, "proxy_of": None, "load_id": "l", "data_root_id": "r"}
    lake.write_partition("market.gas_prices", "r", table, constants=constants)
    stored = lake.read("market.gas_prices", ["r"])
    assert stored.schema == lake.table("market.gas_prices").arrow_schema
    assert stored["gas_price_gwei"].to_pylist() == [1.0, 2.0, 3.0]
    assert stored["base_fee_gwei"].to_pylist() == [1.0, None, 3.0]
    assert stored["source"].to_pylist() == ["a", "b", "c"]


def test_columns_declared_default_null_may_be_left_out(lake: Lake) -> None:
    lake.write_partition("results.run_ends", "x", {"run_id": "x", "status": "failed", "finished_at": datetime.now(UTC)})
    assert lake.read("results.run_ends", ["x"])["data_version"].to_pylist() == [None]


def test_no_rows_are_a_partition_too(lake: Lake) -> None:
    lake.write_partition("market.benchmark_rates", "r", lake.table("market.benchmark_rates").arrow_schema.empty_table())
    assert lake.read("market.benchmark_rates", ["r"]).num_rows == 0
