"""Backtests: one asset, partitioned by mode.  A request is a materialisation of a mode with a run config."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from engine.config import ModeConfig, load_configuration
from engine.errors import BasisError
from engine.strategies.factory import STRATEGIES
from pipelines.backtest import Backtest, BacktestRequest, run_mode
from pipelines.defs.market import market_key
from pipelines.defs.metadata import definition_metadata, markdown_table, refusal
from pipelines.defs.resources import BacktestConfig, ProjectResource
from pipelines.market.source import required_series
from pipelines.reports import summary_markdown
from pipelines.result_checks import CHECKS
from pipelines.run_reports import read_run

GROUP = "backtest"
KEY = dg.AssetKey("backtest")
COVERAGE = "coverage"
KEY_FIGURES = (
    "final_nav", "apr", "max_drawdown", "max_abs_residual", "total_trades", "total_costs", "hours", "proxied_rows",
)  # fmt: skip


def runnable_modes(configs: Path) -> dict[str, ModeConfig]:
    """Modes of ``configs/modes`` whose strategy the engine has."""
    modes = load_configuration(configs).modes
    return {name: mode for name, mode in sorted(modes.items()) if mode.strategy in STRATEGIES}


def mode_partitions(configs: Path) -> dg.StaticPartitionsDefinition:
    return dg.StaticPartitionsDefinition(list(runnable_modes(configs)))


def definitions(configs: Path) -> dg.Definitions:
    modes, partitions = runnable_modes(configs), mode_partitions(configs)
    tables = sorted({series.table for mode in modes.values() for series in required_series(mode)} | {"risk_parameters"})
    checks = {COVERAGE: "every series the mode needs is whole in the window", **CHECKS}

    @dg.asset(
        key=KEY,
        group_name=GROUP,
        deps=[market_key(table) for table in tables],
        partitions_def=partitions,
        description="One run of a mode: its results are published only after every check has passed.",
        kinds={"python", "parquet"},
        metadata=definition_metadata("results.summary"),
        check_specs=[
            dg.AssetCheckSpec(name, asset=KEY, blocking=True, description=text, partitions_def=partitions)
            for name, text in checks.items()
        ],
    )
    def backtest(
        context: dg.AssetExecutionContext, config: BacktestConfig, project: ProjectResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        opened = project.open()
        try:
            done = run_mode(opened, _request(context, config))
        except BasisError as error:
            yield from _refused_checks(error)
            raise refusal(error) from error
        yield dg.AssetCheckResult(asset_key=KEY, check_name=COVERAGE, passed=True, metadata=_inputs(done))
        for check in done.checks:
            facts = {"observed": check.observed, "expected": check.expected}
            yield dg.AssetCheckResult(asset_key=KEY, check_name=check.name, passed=check.passed, metadata=facts)
        figures = summary_markdown(read_run(opened, done.run_id))
        yield dg.MaterializeResult(
            asset_key=KEY, metadata=_metadata(done, figures), data_version=dg.DataVersion(done.result_digest)
        )

    return dg.Definitions(assets=[backtest])


def _request(context: dg.AssetExecutionContext, config: BacktestConfig) -> BacktestRequest:
    problems = []
    days: dict[str, date | None] = {}
    for name, text in (("start", config.start), ("end", config.end)):
        try:
            days[name] = date.fromisoformat(text) if text else None
        except ValueError:
            problems.append(f"{name} = {text!r}")
    if problems:
        raise BasisError("CFG-007", "the run config has no days", expected="YYYY-MM-DD", found=", ".join(problems))
    return BacktestRequest(
        mode=context.partition_key,
        initial_capital=config.initial_capital,
        overrides=config.overrides,
        data_dir=Path(config.data_dir) if config.data_dir else None,
        allow_proxies=config.allow_proxies,
        cash_flows=[(flow.at, flow.amount) for flow in config.cash_flows],
        close_at_end=config.close_at_end,
        request_id=context.run.run_id,
        **days,
    )


def _refused_checks(error: BasisError) -> Iterator[dg.AssetCheckResult]:
    """The checks a refusal names, as failed: data that does not cover the window, or a result that does not hold."""
    failed = {problem.key: problem.line() for problem in error.problems if problem.key in CHECKS}
    if error.code.startswith("DATA"):
        failed[COVERAGE] = str(error)
    for name, text in failed.items():
        yield dg.AssetCheckResult(asset_key=KEY, check_name=name, passed=False, metadata={"problem": text})


def _inputs(done: Backtest) -> dict[str, Any]:
    columns = ("series", "source", "rows", "proxied_rows", "projected_rows", "first_ts", "last_ts")
    rows = done.panel.inputs.select(list(columns)).to_pylist()
    return {
        "rows_read": sum(row["rows"] for row in rows),
        "proxied_rows": done.panel.proxied_rows,
        "inputs": dg.MetadataValue.md(markdown_table(columns, rows)),
    }


def _metadata(done: Backtest, figures: str) -> dict[str, Any]:
    return {
        "run_id": done.run_id,
        "window": f"{done.run.start} .. {done.run.end}",
        "initial_capital": done.run.initial_capital,
        **{key: done.summary[key] for key in KEY_FIGURES if done.summary[key] is not None},
        "key_figures": dg.MetadataValue.md(figures),
        "data_source": done.panel.data_source,
        "data_version": done.panel.data_version,
        "config_hash": done.run.config_hash,
        "result_digest": done.result_digest,
        "configuration": dg.MetadataValue.json(done.run.as_dict()),
        "event_file": dg.MetadataValue.path(str(done.folder / "events.jsonl")),
        "log_file": dg.MetadataValue.path(str(done.folder / "run.log.jsonl")),
    }
