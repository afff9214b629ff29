"""Load ids, lineage, the second source, coverage and the summary."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pipelines.sources.data_root import DataRoot
from pipelines.validation import content_hash, load_id, validate_dataset
from pipelines.validation.coverage import check_coverage
from pipelines.validation.summary import summarise

PERP = "binance_btc_perp"
AAVE = "protocol_data/aave/rates/aave_v3_aave-v3-ethereum_{}_rates_2024-06-01_2024-06-30.csv"
START = datetime(2024, 6, 1, tzinfo=UTC)


def test_same_bytes_and_declaration_give_the_same_load(folder) -> None:
    first = folder.load(PERP, folder.perp_file(folder.bars()))
    again = validate_dataset(folder.datasets[PERP], DataRoot.open(folder.path))
    assert again.load_id == first.load_id
    assert again.rows.equals(first.rows)
    assert again.checks == first.checks


def test_the_cheap_hash_is_the_hash_of_the_load(folder) -> None:
    load = folder.load(PERP, folder.perp_file(folder.bars()))
    config, root = folder.datasets[PERP], DataRoot.open(folder.path)
    assert content_hash(config, root) == load.content_hash
    assert load_id(config, root, load.content_hash) == load.load_id


def test_a_changed_byte_or_rule_is_a_new_load(folder) -> None:
    lines = folder.bars()
    first = folder.load(PERP, folder.perp_file(lines))
    config, root = folder.datasets[PERP], DataRoot.open(folder.path)
    stricter = config.model_copy(update={"description": "another"})
    assert load_id(stricter, root, first.content_hash) != first.load_id
    assert folder.load(PERP, folder.perp_file([*lines, folder.bar(72)])).load_id != first.load_id


def test_rows_lead_back_to_their_line(folder) -> None:
    text = folder.perp_file(folder.bars())
    load = folder.load(PERP, text)
    row = load.rows.slice(33, 1).to_pylist()[0]
    assert float(text.splitlines()[row["source_row"] - 1].split(",")[1]) == row["open"]


def lst_files(folder, hours: range, second_factor: float = 1.0) -> None:
    """An oracle file from ``hours`` and daily USD prices whose ratio is the same rate."""
    rate = [1.04 + 0.0001 * day + 1e-6 * (day * day % 7) for day in range(12)]
    rows = [
        f"{(START + timedelta(hours=hour)).strftime('%Y-%m-%d %H:%M:%S')}+00:00,{rate[hour // 24]!r},weETH,x,ETH"
        for hour in hours
    ]
    text = "\n".join(["timestamp,oracle_price_eth,asset,source,quote_currency", *rows])
    folder.write(folder.datasets["weeth_oracle_rate"].files, text)
    for token, prices in (("weETH", [3000.0 * value * second_factor for value in rate]), ("WETH", [3000.0] * 12)):
        daily = [f"{int((START + timedelta(days=day)).timestamp())},{price!r}" for day, price in enumerate(prices)]
        folder.write(AAVE.format(token), "\n".join(["timestamp,price", *daily]))


def test_second_source_gives_the_midnight_the_first_lacks(folder) -> None:
    lst_files(folder, range(1, 24 * 12))
    load = folder.load("weeth_oracle_rate")
    assert load.problems == []
    first, second = load.rows.slice(0, 2).to_pylist()
    assert first["ts"] == START
    assert abs(first["oracle_rate"] - 1.04) < 1e-12
    assert first["source"] == " / ".join(f"csv/{AAVE.format(token).rsplit('/', 1)[1]}" for token in ("weETH", "WETH"))
    assert first["source_row"] == 2
    assert second["source"].startswith("csv/weETH_ETH_oracle_")
    assert load.rows.num_rows == 12


def test_second_source_that_disagrees_is_not_used(folder) -> None:
    lst_files(folder, range(1, 24 * 12), second_factor=1.0001)
    load = folder.load("weeth_oracle_rate")
    assert "0.0001 apart" in folder.failed(load)["supplement_agrees"]
    assert load.rows["ts"][0].as_py() == START + timedelta(days=1)


def test_changed_second_source_is_a_new_load(folder) -> None:
    lst_files(folder, range(1, 24 * 12))
    first = folder.load("weeth_oracle_rate").load_id
    folder.write(AAVE.format("WETH"), "timestamp,price\n")
    assert folder.load("weeth_oracle_rate").load_id != first


def test_coverage_names_what_the_dataset_lacks(folder) -> None:
    load = folder.load(PERP, folder.perp_file([line for hour, line in enumerate(folder.bars()) if hour != 30]))
    check, gaps = check_coverage(folder.datasets[PERP], load, date(2024, 6, 1), date(2024, 6, 4))
    assert not check.passed
    assert check.observed == "71 of 96 stamps"
    assert check.details == "2024-06-02T06:00Z, 2024-06-04T00:00Z..23:00Z (24)"
    assert [gap.missing for gap in gaps] == [1, 24]
    inside, _ = check_coverage(folder.datasets[PERP], load, date(2024, 6, 1), date(2024, 6, 1))
    assert inside.passed


def test_summary_puts_problems_under_their_dataset(folder) -> None:
    lines = folder.bars()
    lines[10] = folder.bar(10, -1.0)
    text = summarise([folder.load(PERP, folder.perp_file(lines)), folder.load("okx_btc_perp")])
    assert "binance_btc_perp: BLOCKED, 71 rows" in text
    assert "2024-06-01T10:00Z" in text
    assert "okx_btc_perp: absent, proxied, no rows" in text
