"""Jobs people start, and the nightly schedule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from pipelines.defs import backtest, market, raw, reports
from pipelines.progress import report

LOAD = "load_market_data"
BACKTEST = "backtest_and_report"
STEP = "step"


@dg.success_hook
def _tell_progress(_context: dg.HookContext) -> None:
    """One more step is done, for whoever watches in this process."""
    report(STEP, 1, 1)


def definitions(configs: Path) -> dg.Definitions:
    modes = list(backtest.runnable_modes(configs))
    load = dg.define_asset_job(
        LOAD,
        selection=dg.AssetSelection.groups(raw.GROUP, market.GROUP),
        hooks={_tell_progress},
        description="Validate every raw file and bring the market tables up to date.",
    )
    run = dg.define_asset_job(
        BACKTEST,
        selection=dg.AssetSelection.groups(backtest.GROUP, reports.GROUP),
        hooks={_tell_progress},
        description="Run one mode and write its report.",
    )

    def every_mode(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        """One run per mode; in csv data mode each validates the raw files it needs first."""
        day = f"{context.scheduled_execution_time:%Y-%m-%d}"
        for mode in modes:
            yield dg.RunRequest(run_key=f"{day}-{mode}", partition_key=mode)

    nightly = dg.ScheduleDefinition(
        name="nightly_backtests",
        job=run,
        cron_schedule="0 2 * * *",
        execution_timezone="UTC",
        execution_fn=every_mode,
        # Stopped on purpose: a checkout that is merely looked at must not start work at night. Switch it on in the UI.
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="All modes over the default window, at 02:00 UTC.",
    )
    return dg.Definitions(jobs=[load, run], schedules=[nightly])
