"""Raw text rows of one file with the line each came from, before anything is interpreted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.sources.data_root import DataRoot


class UnreadableFileError(Exception):
    """The file's text cannot be laid out as rows at all; the message says why."""


@dataclass(frozen=True, slots=True)
class RawFile:
    """Bytes of one file, read once: what is hashed is what is parsed."""

    name: str
    source: str
    data: bytes


@dataclass(frozen=True, slots=True)
class RawTable:
    """Text cells of the wanted columns.

    ``lines`` (n,) are 1-based line numbers in the file; ``malformed`` holds (line, text) of rows with
    the wrong number of fields; ``missing`` the wanted columns the header lacks (then there are no rows).
    """

    cells: pa.Table
    lines: NDArray[np.int64]
    malformed: tuple[tuple[int, str], ...] = ()
    missing: tuple[str, ...] = ()


def read_files(root: DataRoot, patterns: Iterable[str]) -> list[RawFile]:
    """Every file the globs match, each once, sorted by relative name."""
    paths = {root.relative(path): path for pattern in patterns for path in root.matches(pattern)}
    return [RawFile(name, root.source(path), path.read_bytes()) for name, path in sorted(paths.items())]


def hash_files(files: Iterable[RawFile]) -> str:
    """sha256 over names and bytes; equal to :func:`hash_paths` over the same files."""
    return _combine((file.name, hashlib.sha256(file.data).hexdigest()) for file in files)


def hash_paths(root: DataRoot, patterns: Iterable[str]) -> str:
    """The same hash without keeping the bytes: tells whether anything changed, parses nothing."""
    paths = {root.relative(path): path for pattern in patterns for path in root.matches(pattern)}
    return _combine((name, _digest(path)) for name, path in sorted(paths.items()))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _combine(parts: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256("\n".join(f"{name} {digest}" for name, digest in parts).encode()).hexdigest()
