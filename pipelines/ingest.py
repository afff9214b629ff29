"""From raw files to market tables: validate (or reuse), record what was found, build, store, select.

A dataset with blocking problems is recorded with its checks and quarantined rows; market rows of an earlier
sound load stay, and a run that needs the dataset is refused by the panel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from engine.config.mode import ModeConfig
from pipelines.loads import load_dataset, read_load
from pipelines.market.source import MarketSource, required_series
from pipelines.market.tables import build_risk_parameters
from pipelines.market_store import Builds, stored_rows, update_table
from pipelines.progress import report
from pipelines.project import Project
from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.records import DatasetLoad
from pipelines.warehouse.loads import select_root


def ingest(project: Project, root: DataRoot, names: Iterable[str]) -> dict[str, DatasetLoad]:
    """Validate the named datasets of a folder, or take the loads of unchanged files from the lake.

    Never raises for bad data: a load with ``problems`` says what is wrong with its dataset.
    """
    wanted = sorted(set(names))
    stage = "raw datasets"
    loads: dict[str, DatasetLoad] = {}
    report(stage, 0, len(wanted))
    for name in wanted:
        loads[name] = load_dataset(project.lake, root, project.datasets[name])
        report(stage, len(loads), len(wanted))
    return loads


def update_market(project: Project, root: DataRoot, loads: Mapping[str, DatasetLoad]) -> MarketSource:
    """Build and store the tables these loads feed, then make `market.*` show the folder.

    The source holds exactly these loads and what was built from them: a run reads it without waiting for, or
    being disturbed by, other loads of the folder.
    """
    tables = sorted({project.datasets[name].feeds.table for name in loads})
    rows: dict[str, pa.Table] = {}
    for done, table in enumerate(tables):
        report("market tables", done, len(tables))
        rows[table] = update_table(project.lake, root, project.datasets, table, loads)
    report("market tables", len(tables), len(tables))
    write_risk_parameters(project)
    select_root(project.lake, root.data_root_id, root.path, root.label, root.synthetic)
    return MarketSource(rows, loads, project.datasets)


def market_for_mode(project: Project, root: DataRoot, mode: ModeConfig) -> MarketSource:
    """What a run of ``mode`` may read from a folder, as BASIS_DATA_MODE says.

    ``csv`` validates the datasets the mode needs, proxies included, and nothing else; ``db`` takes what the
    warehouse holds for the folder and touches no raw file.
    """
    names = required_datasets(mode, project.datasets)
    if project.settings.data_mode == "csv":
        return update_market(project, root, ingest(project, root, names))
    inputs = Builds.read(project.lake, root).inputs
    loads = {
        name: read_load(project.lake, root, project.datasets[name], inputs[name][0]) for name in names if name in inputs
    }
    tables = {config.feeds.table for config in (project.datasets[name] for name in loads)}
    return MarketSource({table: stored_rows(project.lake, root, table) for table in tables}, loads, project.datasets)


def required_datasets(mode: ModeConfig, datasets: Mapping[str, DatasetConfig]) -> list[str]:
    """Datasets that feed the mode's series, and the proxies they declare."""
    names: set[str] = set()
    for series in required_series(mode):
        for name, config in datasets.items():
            same_series = series.table == "execution_costs" or config.feeds.identity == series.identity
            if config.feeds.table == series.table and same_series:
                names |= {name, *config.proxies}
    return sorted(names)


def write_risk_parameters(project: Project) -> None:
    """`market.risk_parameters`: every dated parameter of the venue files."""
    rows = build_risk_parameters(project.configuration.venues.values())
    project.lake.write_partition("market.risk_parameters", "venues", rows)
