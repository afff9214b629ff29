"""Market tables: validated rows with declared proxies, fills and projections, one asset per table."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow.compute as pc

from pipelines.defs.metadata import definition_metadata, markdown_table, rows_metadata
from pipelines.defs.raw import raw_key
from pipelines.defs.resources import DataConfig, ProjectResource
from pipelines.ingest import ingest, update_market, write_risk_parameters
from pipelines.market_store import COMPARED_TABLES, market_partition, stored_rows
from pipelines.project import Project
from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_files import load_dataset_configs
from pipelines.sources.tables import MARKET_TABLES

GROUP = "market"
DIVERGENCE = "cross_venue_divergence"
DIVERGENCE_COLUMNS = ("check_name", "observed", "expected", "details")
HOLES = "holes"


def market_key(table: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, table])


RISK_PARAMETERS = market_key("risk_parameters")


def market_tables(configs: Path) -> list[str]:
    return sorted({config.feeds.table for config in load_dataset_configs(configs / "datasets").values()})


def definitions(configs: Path) -> dg.Definitions:
    datasets = load_dataset_configs(configs / "datasets")
    return dg.Definitions(
        assets=[*(_asset(table, datasets) for table in market_tables(configs)), _risk_parameters],
    )


def _asset(table: str, datasets: dict[str, DatasetConfig]) -> dg.AssetsDefinition:
    key = market_key(table)
    feeding = sorted(name for name, config in datasets.items() if config.feeds.table == table)

    @dg.asset(
        key=key,
        group_name=GROUP,
        deps=[raw_key(name) for name in feeding],
        description=f"{table.replace('_', ' ')} as runs read them: proxied, filled and projected rows say so",
        kinds={"parquet"},
        metadata=definition_metadata(f"market.{table}"),
        check_specs=_check_specs(key, table),
    )
    def market_table(
        config: DataConfig, project: ProjectResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        opened = project.open()
        root = opened.data_root(config.data_dir)
        update_market(opened, root, ingest(opened, root, feeding))
        rows = stored_rows(opened.lake, root, table)
        flagged = {f"{flag}_rows": pc.sum(rows[f"is_{flag}"]).as_py() or 0 for flag in ("proxied", "projected")}
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={**rows_metadata(rows, MARKET_TABLES[table].time), **flagged, "data_folder": root.data_root_id},
        )
        yield from _check_results(key, table, opened, root)

    return market_table


def _check_specs(key: dg.AssetKey, table: str) -> list[dg.AssetCheckSpec]:
    # A hole stops the runs whose window and series it lies in, and only those: their coverage check blocks.
    specs = [dg.AssetCheckSpec(HOLES, asset=key, description="every stretch without an observation is resolved")]
    if table in COMPARED_TABLES:
        text = "the same contract costs the same on every venue; differences are kept and shown"
        specs.append(dg.AssetCheckSpec(DIVERGENCE, asset=key, description=text))
    return specs


def _check_results(key: dg.AssetKey, table: str, project: Project, root: DataRoot) -> Iterator[dg.AssetCheckResult]:
    partition = market_partition(table, root)
    gaps = project.lake.read("quality.gaps", [partition]).to_pylist()
    left = [gap for gap in gaps if gap["resolution"] == "unresolved"]
    columns = ("dataset", "venue", "symbol", "gap_start", "gap_end", "missing", "resolution")
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=HOLES,
        passed=not left,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "stretches": len(gaps),
            "unresolved_rows": sum(gap["missing"] for gap in left),
            "stretches_listed": dg.MetadataValue.md(markdown_table(columns, gaps[:50])),
        },
    )
    if table in COMPARED_TABLES:
        checks = project.lake.read("quality.checks", [partition]).to_pylist()
        failed = [check for check in checks if not check["passed"]]
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=DIVERGENCE,
            passed=not failed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                **Counter(check["check_name"] for check in failed),
                "listed": dg.MetadataValue.md(markdown_table(DIVERGENCE_COLUMNS, failed[:50])),
            },
        )


@dg.asset(
    key=RISK_PARAMETERS,
    group_name=GROUP,
    description="fees, margin tiers, protocol limits and gas units by date, from configs/venues",
    kinds={"yaml", "parquet"},
    metadata=definition_metadata("market.risk_parameters"),
)
def _risk_parameters(project: ProjectResource) -> dg.MaterializeResult:
    opened = project.open()
    write_risk_parameters(opened)
    rows = opened.lake.read("market.risk_parameters")
    return dg.MaterializeResult(metadata=rows_metadata(rows, "effective_from"))
