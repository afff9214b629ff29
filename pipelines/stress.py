"""One stress test from request to table: the market of a backtest, shocked in memory; nothing is published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from engine.config import RunConfig
from engine.errors import BasisError
from engine.market import HOUR
from engine.stress import StressRow, StressTable, stress
from pipelines.backtest import BacktestRequest, effective_request
from pipelines.ingest import market_for_mode
from pipelines.market.panel import PanelBuild, build_panel
from pipelines.progress import report
from pipelines.project import Project
from pipelines.reports.formatting import number, percent
from pipelines.warehouse.files import write_atomically

FOLDER = "stress"
COLUMNS = (
    "scenario", "final NAV", "effect", "effect %", "min HF", "min margin", "max LTV", "liquidations", "worst drawdown",
    "verdict", "against", "note",
)  # fmt: skip

SCHEMA = pa.schema(
    [
        ("scenario", pa.string()),
        ("verdict", pa.string()),
        ("effect", pa.float64()),
        ("effect_share", pa.float64()),
        ("final_nav", pa.float64()),
        ("min_health_factor", pa.float64()),
        ("min_margin_ratio", pa.float64()),
        ("max_ltv", pa.float64()),
        ("liquidations", pa.int64()),
        ("worst_drawdown", pa.float64()),
        ("reference", pa.string()),
        ("note", pa.string()),
        ("equation", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class StressTest:
    """A finished stress test and the page that tells it."""

    run: RunConfig
    panel: PanelBuild
    table: StressTable
    page: Path

    def rows(self) -> pa.Table:
        """One row a scenario; amounts in the share-class currency, ratios as fractions."""
        return pa.Table.from_pylist([row.as_dict() for row in self.table.rows], schema=SCHEMA)


def run_stress(project: Project, request: BacktestRequest, at: datetime | None = None) -> StressTest:
    """Run every scenario that concerns the mode; shocks begin at ``at``, the middle of the window when left out.

    Errors: CFG-… and DATA-… as for a backtest, CFG-007 for an hour that is none of the window.
    """
    run = effective_request(project, request)
    first = datetime(run.start.year, run.start.month, run.start.day, tzinfo=UTC)
    index = None if at is None else _hour_index(at, first)
    panel = build_panel(run, market_for_mode(project, project.data_root(request.data_dir), run.mode))
    table = stress(run, panel.panel, index, lambda done, total: report(f"stress {run.mode.mode}", done, total))
    page = project.results_dir / FOLDER / f"{run.mode.mode}-{run.start}_{run.end}.md"
    _write(page, markdown(run, panel, table))
    return StressTest(run, panel, table, page)


def _write(page: Path, text: str) -> None:
    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    write_atomically(page, page.parent, write)


def _hour_index(at: datetime, first: datetime) -> int:
    if at.tzinfo is None or (at - first).total_seconds() % HOUR:
        raise BasisError(
            "CFG-007",
            "the shocks must start at an hour",
            expected="an hour boundary with its zone, e.g. 2026-04-01T00:00Z",
            found=at.isoformat(),
        )
    return int((at - first).total_seconds()) // HOUR


def cells(run: RunConfig, table: StressTable) -> list[tuple[str, ...]]:
    """The rows of ``COLUMNS`` as a person reads them; what a row or a mode does not have is empty."""
    digits = 2 if run.share_class.currency == "USDT" else 6
    return [(row.scenario, *_figures(row, digits), row.verdict, row.reference, row.note) for row in table.rows]


def _figures(row: StressRow, digits: int) -> tuple[str, ...]:
    outcome = row.outcome
    if outcome is None:
        return ("",) * 8
    return (
        number(outcome.final_nav, digits),
        "" if row.effect is None else number(row.effect, digits, signed=True),
        "" if row.effect_share is None else percent(row.effect_share, signed=True),
        *(
            "" if value is None else number(value, 4)
            for value in (outcome.min_health_factor, outcome.min_margin_ratio, outcome.max_ltv)
        ),
        str(outcome.liquidations),
        percent(outcome.worst_drawdown),
    )


def markdown(run: RunConfig, panel: PanelBuild, table: StressTable) -> str:
    """The table with what was asked, where the data came from, and the equation of every scenario."""
    currency = run.share_class.currency
    facts = [
        f"- Window {run.start} 00:00 .. {run.end} 23:00 UTC, shocks from {table.start}",
        f"- Initial capital {number(run.initial_capital)} {currency}; amounts in {currency}, a USDT depeg in USD",
        f"- Data: {panel.data_source}, {panel.proxied_rows:,} proxied rows, version `{panel.data_version[:16]}`",
        f"- Configuration `{run.config_hash[:16]}`",
        "- Extremes are from the hour of the shock on; effects are on profit, cash flows left out",
    ]
    equations = ((row.scenario, row.equation) for row in table.rows)
    return "\n".join(
        [
            f"# Stress of {run.mode.mode}",
            "",
            *facts,
            "",
            *_markdown_rows(COLUMNS, cells(run, table)),
            "",
            "## Equations",
            "",
            "Primes mark shocked series, a is the hour the shock starts at.",
            "",
            *_markdown_rows(("scenario", "equation"), equations),
            "",
        ]
    )


def _markdown_rows(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
