"""Reading ``configs/datasets``: every dataset file, the list of unused files, and what neither mentions."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from engine.errors import BasisError, Problem
from pipelines.sources.data_root import SOURCE_FILE, DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_rules import StrictModel

UNUSED_FILE = "unused.yaml"
FOLDER_DOCUMENTS = frozenset({"README.md", "README.txt", "manifest.csv", "sample.json", SOURCE_FILE})


class UnusedFiles(StrictModel):
    """Files of the data folder that must not feed the engine, and why."""

    files: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class _UnusedList(StrictModel):
    unused: list[UnusedFiles]


def load_dataset_configs(folder: Path) -> dict[str, DatasetConfig]:
    """Every dataset of ``configs/datasets`` by name, sorted.

    Raises BasisError with ALL problems of ALL files: unreadable YAML, schema (CFG-001), names that
    disagree or proxies that do not exist or feed another table (CFG-004).
    """
    problems: list[Problem] = []
    configs: dict[str, DatasetConfig] = {}
    for path in _dataset_paths(folder):
        config = _read_dataset(path, problems)
        if config is not None:
            configs[config.dataset] = config
    problems += _cross_file_problems(configs, folder)
    if problems:
        raise BasisError.from_problems(problems, f"the dataset files in {folder} cannot be used")
    return configs


def load_unused_files(folder: Path) -> list[UnusedFiles]:
    """The entries of ``unused.yaml``; raises BasisError where it does not fit."""
    path = folder / UNUSED_FILE
    problems: list[Problem] = []
    content = _read_yaml(path, problems)
    if not problems:
        try:
            return _UnusedList.model_validate(content).unused
        except ValidationError as error:
            problems = schema_problems(path, error)
    raise BasisError.from_problems(problems, f"{path} cannot be used")


def undeclared_files(
    root: DataRoot, datasets: Mapping[str, DatasetConfig], unused: list[UnusedFiles] | None = None
) -> list[str]:
    """Files of the data folder that no dataset and no entry of ``unused.yaml`` names, relative and sorted."""
    patterns = [pattern for config in datasets.values() for pattern in dataset_patterns(config)]
    patterns += [entry.files for entry in unused or []]
    present = (root.relative(path) for path in root.path.rglob("*") if path.is_file())
    return sorted(
        name
        for name in present
        if name not in FOLDER_DOCUMENTS and not any(fnmatchcase(name, pattern) for pattern in patterns)
    )


def dataset_patterns(config: DatasetConfig) -> list[str]:
    """Globs of every file that a dataset reads, supplements included."""
    patterns = [config.files]
    if config.supplement is not None:
        patterns += [config.supplement.numerator.files, config.supplement.denominator.files]
    return patterns


def schema_problems(path: Path, error: ValidationError) -> list[Problem]:
    """Every mistake pydantic found, as problems of the error format."""
    return [
        Problem(
            "CFG-001",
            str(path),
            ".".join(str(part) for part in item["loc"]) or "(file)",
            item["input"] if isinstance(item["input"], str | int | float | bool | None) else "…",
            item["msg"],
        )
        for item in error.errors()
    ]


def _dataset_paths(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != UNUSED_FILE)
    if not paths:
        raise BasisError(
            "CFG-006",
            "there are no dataset files",
            expected="one <dataset>.yaml per raw dataset",
            looked_in=str(folder),
        )
    return paths


def _read_yaml(path: Path, problems: list[Problem]) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problems.append(Problem("CFG-001", str(path), "(file)", str(error), "a readable YAML file"))
        return None


def _read_dataset(path: Path, problems: list[Problem]) -> DatasetConfig | None:
    before = len(problems)
    content = _read_yaml(path, problems)
    if len(problems) > before:
        return None
    try:
        config = DatasetConfig.model_validate(content)
    except ValidationError as error:
        problems.extend(schema_problems(path, error))
        return None
    if config.dataset != path.stem:
        problems.append(Problem("CFG-004", str(path), "dataset", config.dataset, f"{path.stem}, the file's own name"))
    return config


def _cross_file_problems(configs: Mapping[str, DatasetConfig], folder: Path) -> list[Problem]:
    problems: list[Problem] = []
    for config in configs.values():
        where = str(folder / f"{config.dataset}.yaml")
        for proxy in config.proxies:
            other = configs.get(proxy)
            if other is None:
                problems.append(Problem("CFG-004", where, "proxies", proxy, f"one of {', '.join(sorted(configs))}"))
            elif other.feeds.table != config.feeds.table or proxy == config.dataset:
                expected = f"another dataset that feeds {config.feeds.table}"
                problems.append(Problem("CFG-004", where, "proxies", proxy, expected))
    return problems
