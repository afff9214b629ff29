"""What people read: P&L by source, and the report of each mode's run."""

from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.defs.backtest import KEY as BACKTEST
from pipelines.defs.backtest import mode_partitions
from pipelines.defs.metadata import column_schema, report_links
from pipelines.defs.resources import ProjectResource
from pipelines.project import Project
from pipelines.reports import attribution_markdown, reconcile, summary_markdown
from pipelines.run_reports import find_run, read_run, write_run_reports

GROUP = "reports"


def definitions(configs: Path) -> dg.Definitions:
    partitions = mode_partitions(configs)

    @dg.asset(
        group_name=GROUP,
        deps=[BACKTEST],
        partitions_def=partitions,
        kinds={"parquet"},
        description="Where the P&L of the mode's run came from; it adds up to the change of NAV.",
        metadata={"dagster/column_schema": column_schema("results.pnl_attribution")},
    )
    def pnl_attribution(context: dg.AssetExecutionContext, project: ProjectResource) -> dg.MaterializeResult:
        opened = project.open()
        run = read_run(opened, _run_id(context, opened))
        verdict = reconcile(run)
        return dg.MaterializeResult(
            metadata={
                "run_id": run.run["run_id"],
                "dagster/row_count": len(run.pnl_attribution),
                "nav_change": verdict.nav_change,
                "sum_of_components": verdict.components_sum,
                "reconciles": verdict.passed,
                "attribution": dg.MetadataValue.md(attribution_markdown(run)),
            }
        )

    @dg.asset(
        group_name=GROUP,
        deps=[BACKTEST],
        partitions_def=partitions,
        kinds={"html", "plotly"},
        description="The report of the mode's run: one page that opens anywhere, plots and files for people.",
    )
    def report(context: dg.AssetExecutionContext, project: ProjectResource) -> dg.MaterializeResult:
        opened = project.open()
        run = read_run(opened, _run_id(context, opened))
        files = write_run_reports(opened, run)
        metadata: dict[str, Any] = {
            "run_id": run.run["run_id"],
            **report_links(files.folder),
            **{f"plot_{name}": dg.MetadataValue.path(str(path)) for name, path in files.plots.items()},
            "key_figures": dg.MetadataValue.md(summary_markdown(run)),
        }
        return dg.MaterializeResult(metadata=metadata)

    return dg.Definitions(assets=[pnl_attribution, report])


def _run_id(context: dg.AssetExecutionContext, project: Project) -> str:
    """The run this Dagster run made, or the newest published one of the mode when only reports are materialised."""
    return find_run(project, mode=context.partition_key, request_id=context.run.run_id)
