"""Raw datasets: one asset each.  Materialising one validates its files and records what was found."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from engine.errors import BasisError
from pipelines.defs.metadata import definition_metadata, markdown_table, refusal, rows_metadata
from pipelines.defs.resources import DataConfig, ProjectResource
from pipelines.ingest import ingest
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_files import load_dataset_configs
from pipelines.validation.records import DatasetLoad

GROUP = "raw"
CHECKS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "coverage": ("the files are there and deliver rows", lambda rule: rule in {"file_present", "placeholder"}),
    "duplicates": ("no two rows for one key contradict each other", lambda rule: rule == "conflicting_duplicates"),
    "monotone_index": ("accrual indices never fall", lambda rule: rule in {"monotone", "index_scale"}),
    "form_and_values": ("columns, stamps and values are what the dataset file declares", lambda _rule: True),
}
"""Asset checks by name; each takes the rules no earlier one took.  All of them block."""


def raw_key(dataset: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, dataset])


def definitions(configs: Path) -> dg.Definitions:
    return dg.Definitions(assets=[_asset(config) for config in load_dataset_configs(configs / "datasets").values()])


def _asset(dataset: DatasetConfig) -> dg.AssetsDefinition:
    key, table = raw_key(dataset.dataset), f"observed.{dataset.feeds.table}"

    @dg.asset(
        key=key,
        group_name=GROUP,
        description=dataset.description,
        kinds={"csv" if dataset.reader == "csv" else "json", "parquet"},
        metadata={**definition_metadata(table), "files": dataset.files, "cadence": dataset.cadence},
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, blocking=True, description=text) for name, (text, _) in CHECKS.items()
        ],
    )
    def raw_dataset(
        config: DataConfig, project: ProjectResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        opened = project.open()
        root = opened.data_root(config.data_dir)
        load = ingest(opened, root, [dataset.dataset])[dataset.dataset]
        yield from _check_results(key, load)
        if load.blocked:
            raise refusal(BasisError.from_problems(load.problems, f"{dataset.dataset} is not sound"))
        version = dg.DataVersion(load.load_id)
        yield dg.MaterializeResult(asset_key=key, metadata=_metadata(dataset, load), data_version=version)

    return raw_dataset


def _check_results(key: dg.AssetKey, load: DatasetLoad) -> Iterator[dg.AssetCheckResult]:
    left = list(load.problems)
    for name, (_, takes) in CHECKS.items():
        mine = [problem for problem in left if takes(problem.expected.partition(":")[0])]
        left = [problem for problem in left if problem not in mine]
        lines = [problem.line() for problem in mine[:50]]
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=name,
            passed=not mine,
            metadata={"problems": len(mine), "listed": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines))},
        )


def _metadata(dataset: DatasetConfig, load: DatasetLoad) -> dict[str, Any]:
    findings = [check.as_row() for check in load.checks if not check.passed]
    columns = ("check_name", "severity", "observed", "expected")
    return {
        **rows_metadata(load.rows, dataset.table.time),
        "load_id": load.load_id,
        "source": load.source,
        "data_folder": load.data_root_id,
        "synthetic": load.synthetic,
        "gaps": len(load.gaps),
        "missing_rows": sum(gap.missing for gap in load.gaps),
        "quarantined_rows": len(load.quarantine),
        "findings": dg.MetadataValue.md(markdown_table(columns, findings) if findings else "none"),
    }
