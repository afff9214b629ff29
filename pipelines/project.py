"""Where the project's things are: settings, configuration, storage, results, Dagster's home."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from engine.config import Configuration, Settings, load_configuration, load_settings, merged_environment
from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_files import load_dataset_configs
from pipelines.warehouse.files import sweep_temporaries
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.runs import sweep_runs

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ENV_FILE = PROJECT_ROOT / ".env"
SAMPLE_DIR = PROJECT_ROOT / "data" / "sample"
REPORTS_ADDRESS = ("127.0.0.1", 3333)
"""Where `make ui` serves the results folder."""


@dataclass(frozen=True)
class Project:
    """One checkout with its settings.  The lake lies under ``root``; relative folders of settings start there."""

    root: Path
    configs_dir: Path
    settings: Settings
    environ: Mapping[str, str]

    @classmethod
    def open(cls, root: Path = PROJECT_ROOT, configs_dir: Path | None = None) -> Project:
        """Raises BasisError CFG-005 naming every missing setting."""
        settings = load_settings(os.environ, ENV_FILE)
        return cls(root, configs_dir or PROJECT_ROOT / "configs", settings, merged_environment(os.environ, ENV_FILE))

    @cached_property
    def configuration(self) -> Configuration:
        return load_configuration(self.configs_dir, self.environ)

    @cached_property
    def datasets(self) -> dict[str, DatasetConfig]:
        return load_dataset_configs(self.configs_dir / "datasets")

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.root)

    @property
    def results_dir(self) -> Path:
        return self.root / self.settings.results_dir

    def data_root(self, data_dir: Path | str | None = None) -> DataRoot:
        """The folder asked for, or that of the settings.  Errors: DATA-001, DATA-008."""
        return DataRoot.open(data_dir if data_dir is not None else self.root / self.settings.data_dir)


def sweep(lake: Lake) -> None:
    """Tidy up after killed processes: temporary files go, runs whose process is gone become failed."""
    sweep_temporaries(lake.staging)
    sweep_runs(lake)


def dagster_home() -> Path:
    """Dagster's home inside the project, with the settings of ``dagster.yaml``; exported for child processes.

    Without an absolute DAGSTER_HOME all history would be gone at exit.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or PROJECT_ROOT / ".dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    template, target = PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml"
    if not target.is_file() or target.read_bytes() != template.read_bytes():
        shutil.copyfile(template, target)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


@cache
def code_version() -> str:
    """``src-<12 hex digits>``: a hash of the code a result depends on, the same with and without git."""
    digest = hashlib.sha256()
    for folder in ("engine", "pipelines", "warehouse/sql"):
        for path in sorted((PROJECT_ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".sql"}:
                digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return f"src-{digest.hexdigest()[:12]}"
