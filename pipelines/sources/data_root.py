"""A folder of raw files and the label its rows carry as provenance."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from engine.errors import BasisError, Problem
from pipelines.sources.dataset_rules import StrictModel

SOURCE_FILE = "SOURCE.yaml"


class SourceDescription(StrictModel):
    """``SOURCE.yaml`` of a data folder: written by the sample generator, absent in a folder of real files."""

    label: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    synthetic: bool
    description: str
    seed: int | None = None


REAL_FILES = SourceDescription(label="csv", synthetic=False, description="raw files as they were gathered")


@dataclass(frozen=True)
class DataRoot:
    """One data folder.  ``path`` is resolved, so one folder has one ``data_root_id`` however it is spelled."""

    path: Path
    description: SourceDescription

    @classmethod
    def open(cls, path: Path | str) -> DataRoot:
        """Raises BasisError: the folder is missing (DATA-001) or its SOURCE.yaml does not fit (DATA-008)."""
        resolved = Path(path).resolve()
        if not resolved.is_dir():
            raise BasisError(
                "DATA-001",
                f"the data folder {resolved} is not there",
                expected="a folder with the layout of data/README.md",
                looked_in=str(resolved),
                resolution="set BASIS_DATA_DIR (or --data) to your data folder, or create the sample: make sample",
            )
        return cls(resolved, _read_description(resolved / SOURCE_FILE))

    @property
    def label(self) -> str:
        return self.description.label

    @property
    def synthetic(self) -> bool:
        return self.description.synthetic

    @cached_property
    def data_root_id(self) -> str:
        return f"{self.label}-{hashlib.sha256(str(self.path).encode()).hexdigest()[:8]}"

    def matches(self, pattern: str) -> list[Path]:
        """Files of a glob relative to the folder, sorted by name.

        Raises BasisError DATA-008 where this user may not look: a glob would say that there is no file, and a
        declared proxy would take its place.
        """
        folder = self.path
        for part in Path(pattern).parts:
            if not folder.is_dir():
                break
            _require_access(folder, os.R_OK | os.X_OK)
            folder /= part
        found = sorted(path for path in self.path.glob(pattern) if path.is_file())
        for path in found:
            _require_access(path, os.R_OK)
        return found

    def relative(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def source(self, path: Path) -> str:
        """Provenance of the rows of one file: ``<label>/<file name>``."""
        return f"{self.label}/{path.name}"


def _require_access(path: Path, mode: int) -> None:
    if not os.access(path, mode):
        raise BasisError(
            "DATA-008",
            f"{path} is there, and this user may not read it",
            expected="a file or folder that can be read",
            looked_in=str(path),
            resolution=f"allow reading it: chmod {'a+rx' if path.is_dir() else 'a+r'} {path}",
        )


def _read_description(path: Path) -> SourceDescription:
    if not path.is_file():
        return REAL_FILES
    try:
        return SourceDescription.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        problem = Problem("DATA-008", str(path), "SOURCE.yaml", str(error), "keys label, synthetic, description, seed")
        raise BasisError.from_problems([problem], "the description of the data folder cannot be read") from error
