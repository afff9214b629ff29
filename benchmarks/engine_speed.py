"""Simulated hours per second of every mode, against the same P&L in NumPy, and whether the cost grows with the bars.

Run it with `make bench`, or `python benchmarks/engine_speed.py --json FILE` to keep the figures.  A run records
everything in memory: events, postings, balance sheet, exposures, attribution and risk; "tables" is what laying all of
it out in the columns of the results tables costs on top.  One core, the fastest of several repetitions.  The NumPy
column recomputes NAV and attribution from the run's trades (see ``benchmarks.numpy_reference``) and must agree.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.numpy_reference import recompute, require_agreement, traded
from benchmarks.seeded_market import HOURS, VOLATILITY, seeded_panel, seeded_run
from engine.config import Configuration, load_configuration
from engine.engine import run_backtest

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
TARGETS = {"btc_basis": (30_000, 160), "usdt_market_neutral": (12_000, 400)}
"""Mode → least hours per second and largest ratio to NumPy, at the shipped threshold."""

BUSY = {"position_deviation_threshold": 0.02}
"""Rebalances several times as often as the hedged modes do as shipped."""

MULTIPLES = (1, 4, 16)
WIDTH = 124
"""Columns the table needs; a narrower terminal or a pipe would cut its figures short."""


@dataclass(frozen=True)
class Speed:
    """Seconds are those of the fastest repetition."""

    mode: str
    threshold: float
    hours: int
    events: int
    decisions: int
    engine_s: float
    tables_s: float
    numpy_s: float

    @property
    def hours_per_second(self) -> float:
        return self.hours / self.engine_s

    @property
    def ratio(self) -> float:
        return self.engine_s / self.numpy_s


def fastest(repetitions: int, *works: Callable[[], object]) -> list[float]:
    """Seconds of the fastest repetition of each; they take turns, so that a load on the machine meets all of them."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repetitions):
        for work, taken in zip(works, times, strict=True):
            gc.collect()
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    return [min(taken) for taken in times]


def measure(
    configuration: Configuration, mode: str, repetitions: int, hours: int = HOURS, **overrides: object
) -> Speed:
    """Speed of one mode.  Errors: AssertionError when NumPy finds another NAV or attribution."""
    run = seeded_run(configuration, mode, hours, **overrides)
    panel = seeded_panel(run)
    result = run_backtest(run, panel)
    trades = traded(result)
    require_agreement(result, recompute(run, panel, trades))
    columns = result.components.event_logger.columns
    engine_s, tables_s, *numpy_s = fastest(
        repetitions,
        lambda: run_backtest(run, panel),
        result.tables,
        *[lambda: recompute(run, panel, trades)] * 5,  # milliseconds only: often enough to find the caches warm
    )
    return Speed(
        mode,
        run.mode.position_deviation_threshold,
        hours,
        len(columns["seq"]),
        columns["event_type"].count("decision"),
        engine_s,
        tables_s,
        min(numpy_s),
    )


def growth(configuration: Configuration, mode: str, repetitions: int) -> list[float]:
    """Microseconds per simulated hour at each of ``MULTIPLES`` times the bars.

    Short windows are run as often as it takes to live through the bars of the longest, so that every figure is a
    timing of the same length and other work on the machine meets all of them alike.
    """
    longest = max(MULTIPLES)

    def work(multiple: int) -> Callable[[], None]:
        run = seeded_run(configuration, mode, multiple * HOURS)
        panel = seeded_panel(run)

        def repeat() -> None:
            for _ in range(longest // multiple):
                run_backtest(run, panel)

        return repeat

    seconds = fastest(repetitions, *(work(multiple) for multiple in MULTIPLES))
    return [1e6 * taken / (longest * HOURS) for taken in seconds]


def speed_table(speeds: list[Speed]) -> Table:
    table = Table(
        title=f"{HOURS} hours, {VOLATILITY:.1%} an hour, everything recorded in memory, one core; fastest repetition",
        caption="targets: " + "; ".join(f"{m} {s:,} hours/s, under {r} × NumPy" for m, (s, r) in TARGETS.items()),
    )
    for name in ("mode", "threshold"):
        table.add_column(name, no_wrap=True)
    for name in ("decisions", "events", "hours/s", "ms", "tables, ms", "NumPy, ms", "× NumPy"):
        table.add_column(name, justify="right")
    for speed in speeds:
        table.add_row(
            speed.mode, f"{speed.threshold:g}", f"{speed.decisions:,}", f"{speed.events:,}",
            f"{speed.hours_per_second:,.0f}", f"{1e3 * speed.engine_s:.1f}", f"{1e3 * speed.tables_s:.1f}",
            f"{1e3 * speed.numpy_s:.2f}", f"{speed.ratio:.0f}",
        )  # fmt: skip
    return table


def growth_table(growths: dict[str, list[float]]) -> Table:
    table = Table("mode", title="microseconds per simulated hour, by number of bars")
    for multiple in MULTIPLES:
        table.add_column(f"{multiple}× ({multiple * HOURS:,} h)", justify="right")
    for mode, costs in growths.items():
        table.add_row(mode, *(f"{cost:.1f}" for cost in costs))
    return table


def machine() -> dict[str, str | int | None]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--repetitions", type=int, default=7, help="of each timing; the fastest counts (default 7)")
    options = parser.parse_args()
    configuration = load_configuration(CONFIGS, {})
    speeds = [measure(configuration, mode, options.repetitions) for mode in sorted(configuration.modes)]
    hedged = [mode for mode, config in sorted(configuration.modes.items()) if config.hedge_allocation is not None]
    speeds += [measure(configuration, mode, options.repetitions, **BUSY) for mode in hedged]
    growths = {mode: growth(configuration, mode, max(options.repetitions // 2, 1)) for mode in TARGETS}
    console = Console(width=max(Console().width, WIDTH))
    console.print(speed_table(speeds), growth_table(growths))
    if options.json is not None:
        figures = {
            "machine": machine(),
            "speeds": [{**asdict(s), "hours_per_second": s.hours_per_second, "ratio": s.ratio} for s in speeds],
            "microseconds_per_hour": {
                mode: dict(zip(MULTIPLES, costs, strict=True)) for mode, costs in growths.items()
            },
        }
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
