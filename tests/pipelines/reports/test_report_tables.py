"""The verdict, the tables and the charts say what the run's tables say, and refuse what they cannot rely on."""

from __future__ import annotations

import base64
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from engine.errors import BasisError
from pipelines.reports import RunTables, attribution_markdown, reconcile, summary_markdown
from pipelines.reports.charts import Chart, NotPart
from pipelines.reports.figures import costs_by_kind, funding_by_venue, pnl_by_source
from pipelines.reports.formatting import number, percent, tiny
from pipelines.reports.previews import sparkline
from pipelines.reports.queries import tracing_queries
from pipelines.reports.report import headline
from pipelines.reports.risk_figures import delta, event_timeline, margin_ratio
from pipelines.reports.tables import largest_costs, monthly_pnl, worst_breaches


def y_values(chart: Chart, trace: int) -> np.ndarray:
    packed = chart.figure.to_plotly_json()["data"][trace]["y"]
    if isinstance(packed, dict):
        return np.frombuffer(base64.b64decode(packed["bdata"]), dtype=packed["dtype"])
    return np.asarray(packed)


def with_hour(frame: pd.DataFrame, row: int, column: str, change: float) -> pd.DataFrame:
    changed = frame.copy()
    changed.loc[row, column] += change
    return changed


def test_a_sound_run_passes_every_check(btc_basis_run: RunTables, pure_lending_run: RunTables) -> None:
    basis, lending = reconcile(btc_basis_run), reconcile(pure_lending_run)
    assert basis.passed
    assert [len(basis.checks), len(lending.checks)] == [4, 3]
    assert lending.passed
    assert basis.nav_change == pytest.approx(btc_basis_run.figures["final_nav"] - 100_000, abs=1e-8)
    assert abs(basis.difference) < 1e-6


@pytest.mark.parametrize(
    ("table", "column", "failing"),
    [
        ("hourly_pnl", "residual", 0),
        ("pnl_attribution", "pnl", 1),
        ("balance_sheet", "value", 2),
        ("events", "amount", 3),
    ],
)
def test_a_tenth_of_a_cent_out_of_place_fails_the_check_of_that_identity(
    btc_basis_run: RunTables, table: str, column: str, failing: int
) -> None:
    frame = getattr(btc_basis_run, table)
    row = int(frame.index[frame["event_type"] == "funding_settlement"][5]) if table == "events" else 500
    broken = reconcile(replace(btc_basis_run, **{table: with_hour(frame, row, column, 0.001)}))
    assert not broken.checks[failing].passed
    assert broken.checks[failing].hour == frame["ts"].iloc[row]
    assert not broken.passed


def test_a_residual_that_is_not_a_number_fails(btc_basis_run: RunTables) -> None:
    hourly = btc_basis_run.hourly_pnl.copy()
    hourly.loc[7, "residual"] = np.nan
    verdict = reconcile(replace(btc_basis_run, hourly_pnl=hourly))
    assert not verdict.passed
    assert verdict.residual.hour == hourly["ts"].iloc[7]


def test_every_missing_column_is_named_at_once(btc_basis_run: RunTables) -> None:
    with pytest.raises(BasisError) as caught:
        replace(
            btc_basis_run,
            hourly_pnl=btc_basis_run.hourly_pnl.drop(columns=["nav", "residual"]),
            events=btc_basis_run.events.drop(columns="seq"),
        )
    assert {(p.where, p.key) for p in caught.value.problems} == {
        ("results.hourly_pnl", "nav"), ("results.hourly_pnl", "residual"), ("results.events", "seq"),
    }  # fmt: skip


def test_a_missing_hour_a_repeated_row_and_a_naive_time_are_refused(btc_basis_run: RunTables) -> None:
    hole = btc_basis_run.hourly_pnl.drop(index=100)
    with pytest.raises(BasisError, match="2024-05-16T05:00:00"):
        replace(btc_basis_run, hourly_pnl=hole)
    sheet = btc_basis_run.balance_sheet
    with pytest.raises(BasisError, match="1 rows"):
        replace(btc_basis_run, balance_sheet=pd.concat([sheet, sheet.iloc[:1]]))
    naive = btc_basis_run.hourly_pnl.assign(ts=btc_basis_run.hourly_pnl["ts"].dt.tz_localize(None))
    with pytest.raises(BasisError, match="aware times"):
        replace(btc_basis_run, hourly_pnl=naive)


def test_an_unknown_share_class_is_refused(btc_basis_run: RunTables) -> None:
    with pytest.raises(BasisError, match="eth_directional"):
        replace(btc_basis_run, runs=btc_basis_run.runs.assign(share_class="gold"))


def test_months_add_up_to_the_change_of_nav(btc_basis_run: RunTables) -> None:
    table = monthly_pnl(btc_basis_run)
    assert [row[0] for row in table.rows][:2] == ["2024-05", "2024-06"]
    assert len(table.rows) == 17
    assert table.total[-1] == number(btc_basis_run.figures["final_nav"])
    assert table.total[-2] == number(btc_basis_run.figures["final_nav"] - 100_000, signed=True)


def test_costs_are_the_largest_first(btc_basis_run: RunTables) -> None:
    costs = [float(row[5]) for row in largest_costs(btc_basis_run).rows]
    assert len(costs) == 10
    assert costs == sorted(costs, reverse=True)
    assert costs[0] == round(btc_basis_run.events["cost_total"].max(), 2)


def test_breaches_are_stretches_of_hours(btc_basis_run: RunTables, pure_lending_run: RunTables) -> None:
    assert worst_breaches(pure_lending_run).rows == ()
    calm = btc_basis_run.risk_metrics.assign(state="ok")
    assert worst_breaches(replace(btc_basis_run, risk_metrics=calm)).rows == ()
    okx = calm["venue"] == "okx"
    rows = calm.index[okx][[10, 11, 12, 40]]
    calm.loc[rows, ["value", "state"]] = [0.15, "warning"]
    calm.loc[rows[3], ["value", "state"]] = [0.05, "critical"]
    found = worst_breaches(replace(btc_basis_run, risk_metrics=calm)).rows
    assert found == (
        ("critical", "margin_ratio", "okx", "2024-05-13 16:00 UTC", "1", "0.0500", "0.2000", "0.1000"),
        ("warning", "margin_ratio", "okx", "2024-05-12 10:00 UTC", "3", "0.1500", "0.2000", "0.1000"),
    )


def test_the_stack_of_sources_adds_up_to_the_total_line(btc_basis_run: RunTables) -> None:
    chart = pnl_by_source(btc_basis_run)
    traces = chart.figure.data
    total = y_values(chart, len(traces) - 1)
    last = sum(float(y_values(chart, i)[-1]) for i in range(len(traces) - 1))
    assert last == pytest.approx(btc_basis_run.figures["final_nav"] - 100_000, abs=0.01)
    assert float(total[-1]) == pytest.approx(last, abs=0.01)
    assert len(total) == len(btc_basis_run.hours)


def test_step_lines_keep_every_change(btc_basis_run: RunTables) -> None:
    chart = funding_by_venue(btc_basis_run)
    assert isinstance(chart, Chart)
    by_venue = btc_basis_run.event_rows("funding_settlement").groupby("venue")["amount"]
    for i, (_, amounts) in enumerate(by_venue):
        values = y_values(chart, i)
        assert len(values) == len(amounts) + 2
        assert float(values[-1]) == pytest.approx(amounts.sum(), rel=1e-6)


def test_what_a_mode_does_not_have_is_said_not_drawn(pure_lending_run: RunTables) -> None:
    for section in (funding_by_venue, margin_ratio, delta):
        drawn = section(pure_lending_run)
        assert isinstance(drawn, NotPart)
        assert "not part of this mode" in drawn.reason
    assert isinstance(costs_by_kind(pure_lending_run), Chart)


def test_the_timeline_draws_days_and_counts_the_rest(btc_basis_run: RunTables) -> None:
    chart = event_timeline(btc_basis_run)
    assert sum(len(trace.x) for trace in chart.figure.data) < 300
    assert "funding_settlement 4,452" in chart.caption
    assert "No liquidations" in chart.caption


def test_the_tracing_queries_run_and_give_the_headline(btc_basis_run: RunTables) -> None:
    run, run_id = btc_basis_run, btc_basis_run.run["run_id"]
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA results")
        for table in ("runs", "hourly_pnl", "pnl_attribution", "events", "postings", "balance_sheet", "run_inputs"):
            frame = getattr(run, table).assign(run_id=run_id)
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE results.{table} AS SELECT * FROM frame")
        answers = [connection.execute(query.sql).fetchall() for query in tracing_queries(run)]
    nav = run.figures["final_nav"]
    assert all(len(answer) for answer in answers)
    assert answers[0][0][1] == nav
    assert answers[1][0][4] == pytest.approx(nav, rel=1e-12)
    assert sum(amount for _, amount in answers[2]) == pytest.approx(nav, rel=1e-12)


def test_previews_are_short_and_true(btc_basis_run: RunTables, pure_lending_run: RunTables) -> None:
    text = summary_markdown(btc_basis_run)
    assert "SYNTHETIC DATA" in text
    assert "**PASS**" in text
    assert "SYNTHETIC" not in summary_markdown(pure_lending_run)
    assert number(pure_lending_run.figures["final_nav"]) in summary_markdown(pure_lending_run)
    sources = attribution_markdown(btc_basis_run)
    assert sources.splitlines()[2].startswith("| Funding | +")
    assert len(text) + len(sources) < 2500
    assert sparkline(np.array([1.0, 1.0, 1.0])) == "▁▁▁"
    assert sparkline(np.arange(8.0), 8) == "▁▂▃▄▅▆▇█"


def test_numbers_for_people() -> None:
    assert number(-1234.5) == "−1,234.50"
    assert number(-0.001) == "0.00"
    assert number(None) == "–"
    assert percent(0.0123, signed=True) == "+1.23%"
    assert tiny(0.0) == "0"
    assert tiny(3.2e-12) == "3.2e−12"


def test_the_money_weighted_return_stands_beside_the_other_only_where_money_moved(btc_basis_run: RunTables) -> None:
    def names(run: RunTables) -> list[str]:
        return [tile.name for tile in headline(run, reconcile(run))]

    assert "Money-weighted return" not in names(btc_basis_run)
    hourly = btc_basis_run.hourly_pnl.assign(net_flows=0.0)
    hourly.loc[10, "net_flows"] = 2500.0
    moved = names(replace(btc_basis_run, hourly_pnl=hourly))
    assert moved.index("Money-weighted return") == moved.index("APY") + 1
