"""The SQL lines with which a reader traces the NAV of a report back to its inputs."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.reports.run_tables import RunTables


@dataclass(frozen=True)
class Query:
    """A statement for `basis sql`, and what its answer should show."""

    question: str
    sql: str


def tracing_queries(run: RunTables) -> tuple[Query, ...]:
    """From the final NAV to positions, P&L sources, postings, and the rows that were read."""
    run_id = str(run.run["run_id"]).replace("'", "''")
    this = f"run_id = '{run_id}'"
    last = f"ts = (SELECT max(ts) FROM results.hourly_pnl WHERE {this})"
    return (
        Query(
            "The NAV of the last hour: the number at the top of this page.",
            f"SELECT ts, nav FROM results.hourly_pnl\nWHERE {this} ORDER BY ts DESC LIMIT 1",
        ),
        Query(
            "The positions it consists of: value adds up to that NAV.",
            f"SELECT position_key, quantity, unit_value, value, sum(value) OVER () AS nav\n"
            f"FROM results.balance_sheet\nWHERE {this} AND {last}\nORDER BY abs(value) DESC",
        ),
        Query(
            "How it came about: initial capital, plus flows, plus every P&L component.",
            "SELECT 'initial capital' AS what, initial_capital AS amount FROM results.runs\n"
            f"WHERE {this}\nUNION ALL SELECT 'net flows', sum(net_flows) FROM results.hourly_pnl WHERE {this}\n"
            f"UNION ALL SELECT component, sum(pnl) FROM results.pnl_attribution WHERE {this} GROUP BY component",
        ),
        Query(
            "The hours with the largest unexplained P&L, as a share of NAV.",
            "SELECT ts, residual, abs(residual) / nav AS share FROM results.hourly_pnl\n"
            f"WHERE {this} ORDER BY share DESC LIMIT 5",
        ),
        Query(
            "Every change of every balance: the deltas of a position add up to its last balance.",
            "SELECT position_key, count(*) AS postings, sum(delta) AS balance\nFROM results.postings\n"
            f"WHERE {this} GROUP BY position_key ORDER BY position_key",
        ),
        Query(
            "The funding cash of each venue, to hold against the raw funding files.",
            "SELECT venue, token, count(*) AS settlements, sum(amount) AS usdt FROM results.events\n"
            f"WHERE {this} AND event_type = 'funding_settlement' GROUP BY venue, token ORDER BY venue",
        ),
        Query(
            "The series and loads it read; rows of market.* carry the same load_id and their source file.",
            "SELECT series, load_id, source, rows, proxied_rows, projected_rows FROM results.run_inputs\n"
            f"WHERE {this} ORDER BY series",
        ),
    )
