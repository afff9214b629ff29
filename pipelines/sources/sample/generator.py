"""Write a sample data folder: all or nothing, once, and never over somebody's own files.

Files are written to a folder beside the target which is renamed when it is complete.  ``sample.json`` in it
names the generator version, seed, window and the hash of every file; ``SOURCE.yaml`` labels every row read
from the folder as synthetic.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import yaml

from engine.errors import BasisError, Problem
from pipelines.sources.sample.aave_files import aave_files
from pipelines.sources.sample.cost_files import cost_files
from pipelines.sources.sample.exchange_files import exchange_files
from pipelines.sources.sample.market import Market, simulate
from pipelines.sources.sample.reward_files import reward_files
from pipelines.sources.sample.staking_files import staking_files
from pipelines.sources.sample.window import SampleWindow
from pipelines.sources.sample.writers import RawFile, text_file

GENERATOR_VERSION = 2
"""Raise it whenever the same arguments give other bytes."""
MANIFEST_FILE = "sample.json"
LABEL = "synthetic"
STALE_SECONDS = 3600.0
FILE_GROUPS: tuple[Callable[[Market], Iterator[RawFile]], ...] = (
    exchange_files,
    aave_files,
    staking_files,
    reward_files,
    cost_files,
)
FILE_COUNT = 50
"""Raw files of a sample; the generator checks it."""

OnFile = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SampleFile:
    """One file of a sample; ``rows`` is None for files that are not tables."""

    path: str
    size: int
    sha256: str
    rows: int | None


@dataclass(frozen=True)
class SampleManifest:
    """What a sample folder holds.  ``created`` is False when it was there already."""

    root: Path
    label: str
    generator_version: int
    seed: int
    start: date
    days: int
    files: tuple[SampleFile, ...]
    created: bool


def generate_sample(
    target: Path, seed: int, start: date, days: int, on_progress: OnFile | None = None
) -> SampleManifest:
    """Make ``target`` the sample of these arguments and say what it holds.

    The window is ``days`` whole UTC days from ``start``; rows begin four days earlier.  Equal arguments give
    equal bytes.  A sample of the same arguments is left alone; one of other arguments is replaced, provided
    nobody has changed it.  ``on_progress(file, done, total)`` is called after each file.

    Raises BasisError: CFG-007 for arguments out of range, DATA-008 for a target that is not (or no longer)
    what this generator wrote.
    """
    _check_arguments(seed, days)
    target = target.resolve()
    existing = _existing(target)
    if existing is not None and _identity(existing) == (GENERATOR_VERSION, seed, start, days):
        return existing
    if existing is not None:
        _refuse_if_changed(existing)
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    partial = target.parent / f".{target.name}.{os.getpid()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        manifest = _write(partial, SampleWindow(start, days), seed, on_progress)
        _put_in_place(partial, target, replace=existing is not None)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return SampleManifest(target, LABEL, GENERATOR_VERSION, seed, start, days, manifest, created=True)


def _check_arguments(seed: int, days: int) -> None:
    problems = []
    if seed < 0:
        problems.append(Problem("CFG-007", "sample", "seed", seed, "a whole number from 0"))
    if not 1 <= days <= 3660:
        problems.append(Problem("CFG-007", "sample", "days", days, "1 to 3660 whole days"))
    if problems:
        raise BasisError.from_problems(problems, "the sample cannot be generated")


def _existing(target: Path) -> SampleManifest | None:
    """The sample in ``target``; None when nothing is there; an error when something else is."""
    if not target.exists():
        return None
    if target.is_dir() and (target / MANIFEST_FILE).is_file():
        try:
            return _read_manifest(target)
        except (ValueError, KeyError, TypeError) as error:
            raise _refusal(target, f"a {MANIFEST_FILE} that cannot be read ({error})") from error
    if target.is_dir() and not any(target.iterdir()):
        return None
    raise _refusal(target, f"a folder without {MANIFEST_FILE}" if target.is_dir() else "a file")


def _read_manifest(root: Path) -> SampleManifest:
    content = json.loads((root / MANIFEST_FILE).read_text(encoding="utf-8"))
    return SampleManifest(
        root,
        LABEL,
        int(content["generator_version"]),
        int(content["seed"]),
        date.fromisoformat(content["start"]),
        int(content["days"]),
        tuple(SampleFile(**entry) for entry in content["files"]),
        created=False,
    )


def _identity(manifest: SampleManifest) -> tuple[int, int, date, int]:
    return manifest.generator_version, manifest.seed, manifest.start, manifest.days


def _refuse_if_changed(sample: SampleManifest) -> None:
    """A changed, missing or added file is somebody's work: it is not overwritten."""
    recorded = {entry.path: entry.sha256 for entry in sample.files}
    present = {
        path.relative_to(sample.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sample.root.rglob("*")
        if path.is_file() and path.name != MANIFEST_FILE
    }
    changed = sorted({path for path, _ in recorded.items() ^ present.items()})
    if changed:
        raise _refusal(sample.root, f"a sample with files changed, added or removed since: {', '.join(changed)}")


def _refusal(target: Path, found: str) -> BasisError:
    return BasisError(
        "DATA-008",
        f"{target} is not an untouched generated sample and will not be overwritten",
        expected=f"no such folder, an empty one, or a generated sample (with {MANIFEST_FILE})",
        looked_in=str(target),
        found=found,
        resolution="give another folder, or move this one away if it is not needed",
    )


def _sweep(target: Path) -> None:
    """Remove what an interrupted run left behind, unless it is young enough to be still at work."""
    for leftover in target.parent.glob(f".{target.name}.*.partial"):
        if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(leftover, ignore_errors=True)


def _write(root: Path, window: SampleWindow, seed: int, on_progress: OnFile | None) -> tuple[SampleFile, ...]:
    market = simulate(window, seed)
    entries = []
    for done, raw in enumerate((raw for group in FILE_GROUPS for raw in group(market)), start=1):
        entries.append(_write_file(root, raw))
        if on_progress is not None:
            on_progress(raw.path, done, FILE_COUNT)
    if len(entries) != FILE_COUNT:
        raise RuntimeError(f"the generator wrote {len(entries)} files, FILE_COUNT says {FILE_COUNT}")
    entries += [_write_file(root, raw) for raw in _descriptions(window, seed)]
    identity = {"generator_version": GENERATOR_VERSION, "seed": seed, "start": str(window.start), "days": window.days}
    content = json.dumps({**identity, "files": [asdict(entry) for entry in entries]}, indent=1)
    (root / MANIFEST_FILE).write_text(content + "\n", encoding="utf-8")
    return tuple(entries)


def _write_file(root: Path, raw: RawFile) -> SampleFile:
    path = root / raw.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw.body)
    return SampleFile(raw.path, len(raw.body), hashlib.sha256(raw.body).hexdigest(), raw.rows)


def _descriptions(window: SampleWindow, seed: int) -> Iterator[RawFile]:
    source = {
        "label": LABEL,
        "synthetic": True,
        "description": f"made-up market for {window.start} .. {window.end} (end not included), no real prices",
        "seed": seed,
    }
    yield text_file("SOURCE.yaml", yaml.safe_dump(source, sort_keys=False))
    readme = _README.format(start=window.start, days=window.days, first=window.first_day, seed=seed)
    yield text_file("README.txt", readme)


def _put_in_place(partial: Path, target: Path, *, replace: bool) -> None:
    if not replace:
        partial.rename(target)
        return
    retired = partial.with_suffix(".retired.partial")
    target.rename(retired)
    partial.rename(target)
    shutil.rmtree(retired)


_README = """\
ALL NUMBERS IN THIS FOLDER ARE SYNTHETIC.

A random generator (seed {seed}) made them up. No price, rate, index, reward or gas fee is a quotation,
and nothing follows from them about any market, venue or token.

Layout, file names, columns and stamps are those of the real raw files (see data/README.md of the project).
Window: {days} days from {start}; rows begin on {first} so that indices have a past.

Put in on purpose: no Binance ETH spot and no OKX BTC perp, three 23-hour holes in the Binance candles,
three candles written twice by Bybit, and gas rows of even hours that are an hour old.
"""
