"""The execution-cost table: JSON of pair -> size bucket (``10k``) -> date -> basis points."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.sources.raw import RawTable, UnreadableFileError

_SIZE = re.compile(r"^(\d+)([km])$")
_UNITS = {"k": 1_000, "m": 1_000_000}
_LEAF_LINE = re.compile(r'^\s*"[^"]*"\s*:\s*[^{\[\s]')

COLUMNS = ("pair", "size", "date", "bps")


def read_execution_costs(data: bytes) -> RawTable:
    """One text row per leaf: ``pair, size`` (USD), ``date, bps``.

    A name that is written twice yields two rows, so that contradictions are seen, not overwritten.
    Raises UnreadableFileError where the nesting is not pair -> size -> date -> number.
    """
    try:
        text = data.decode("utf-8-sig")
        tree = json.loads(text, object_pairs_hook=_Pairs, parse_float=str, parse_int=str, parse_constant=str)
    except ValueError as error:
        raise UnreadableFileError(f"not JSON: {error}") from error
    leaves = [
        (pair, _size_in_usd(size), day, _leaf(bps, (pair, size, day)))
        for pair, sizes in _branch(tree, ())
        for size, days in _branch(sizes, (pair,))
        for day, bps in _branch(days, (pair, size))
    ]
    names = zip(COLUMNS, zip(*leaves, strict=True), strict=True) if leaves else ((name, ()) for name in COLUMNS)
    return RawTable(pa.table({name: pa.array(list(cells), pa.string()) for name, cells in names}), _lines(text, leaves))


class _Pairs(list[tuple[str, Any]]):
    """An object as its pairs, repeated names kept."""


def _branch(node: Any, path: tuple[str, ...]) -> _Pairs:
    if not isinstance(node, _Pairs):
        raise UnreadableFileError(f"at {'/'.join(path) or 'the top'}: an object was expected, found {node!r}")
    return node


def _leaf(node: Any, path: tuple[str, ...]) -> str:
    if isinstance(node, str):
        return node
    raise UnreadableFileError(f"at {'/'.join(path)}: a number was expected, found {node!r}")


def _size_in_usd(label: str) -> str:
    """``10k`` -> ``10000``; a label of another form stays as it is, to be refused as a number."""
    match = _SIZE.match(label)
    return str(int(match[1]) * _UNITS[match[2]]) if match else label


def _lines(text: str, leaves: list[tuple[str, str, str, str]]) -> np.ndarray:
    """Line of each leaf where each has its own; line 1 for all where the file is written without line ends."""
    numbers = [number for number, line in enumerate(text.splitlines(), 1) if _LEAF_LINE.match(line)]
    if len(numbers) != len(leaves):
        numbers = [1] * len(leaves)
    return np.asarray(numbers, dtype=np.int64)
