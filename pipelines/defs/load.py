"""All definitions of the code location, merged from the domains."""

from __future__ import annotations

import warnings
from pathlib import Path

import dagster as dg

from pipelines.defs import backtest, jobs, market, raw, reports
from pipelines.defs.resources import ProjectResource
from pipelines.project import PROJECT_ROOT


def load_definitions(root: Path = PROJECT_ROOT, configs_dir: Path | None = None) -> dg.Definitions:
    """``root`` holds the warehouse and results; ``configs_dir`` says which datasets and modes there are.

    Errors: BasisError naming every problem of the configuration files.
    """
    configs = configs_dir or PROJECT_ROOT / "configs"
    with warnings.catch_warnings():
        # Checks partitioned by mode are what we want; Dagster calls the argument a preview. Nothing else is silenced.
        warnings.filterwarnings("ignore", category=dg.PreviewWarning, message=".*partitions_def on an AssetCheckSpec.*")
        domains = [domain.definitions(configs) for domain in (raw, market, backtest, reports, jobs)]
    shared = dg.Definitions(
        resources={"project": ProjectResource(root=str(root), configs_dir=str(configs))},
        # One process per run: parallelism comes from one run per partition, which starts twice as fast.
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(*domains, shared)
