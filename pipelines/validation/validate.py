"""Validating one dataset of one data folder: read, check every declared rule, deliver rows and findings.

Pure: nothing is written, nothing depends on the clock, and bad data is an answer, not an exception.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_files import dataset_patterns
from pipelines.sources.raw import RawFile, hash_files, hash_paths, read_files
from pipelines.validation import row_rules, series_rules
from pipelines.validation.delivery import delivered_rows, row_schema
from pipelines.validation.findings import TIME, Findings, step_of
from pipelines.validation.hours import as_datetime
from pipelines.validation.reading import read_frame
from pipelines.validation.records import CheckSeverity, DatasetLoad, Gap
from pipelines.validation.supplement import add_supplement

RULES_EDITION = "2"
"""Raise it when a rule judges the same bytes differently: loads judged by the rules before are not taken again."""


def content_hash(config: DatasetConfig, root: DataRoot) -> str:
    """sha256 over names and bytes of every file the dataset reads; parses nothing."""
    return hash_paths(root, dataset_patterns(config))


def load_id(config: DatasetConfig, root: DataRoot, content: str) -> str:
    """Identity of a load: same folder, same bytes (``content``), same declaration and rules give the same id."""
    parts = (config.dataset, root.data_root_id, content, config.config_hash, RULES_EDITION)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def validate_dataset(config: DatasetConfig, root: DataRoot) -> DatasetLoad:
    """Read and validate one dataset.  Never raises for bad data: see ``problems``, ``checks``, ``quarantine``."""
    every_file = read_files(root, dataset_patterns(config))
    content = hash_files(every_file)
    own = {root.relative(path) for path in root.matches(config.files)}
    files = [file for file in every_file if file.name in own]
    findings = Findings(
        load_id(config, root, content),
        config.dataset,
        step_of(config.cadence_seconds),
        {name: column.raw_columns for name, column in config.columns.items()},
    )
    if not files:
        return _absent(config, root, content, findings)
    findings.check("file_present", True, f"{len(files)} files", details=", ".join(file.name for file in files))
    frame, gaps = _validated(config, root, files, findings)
    return _load(config, root, content, findings, rows=delivered_rows(config, frame), gaps=gaps, files=files)


def _validated(
    config: DatasetConfig, root: DataRoot, files: list[RawFile], findings: Findings
) -> tuple[pd.DataFrame, list[Gap]]:
    """The rules in their order: keys before values before the series as a whole."""
    frame = read_frame(config, files, findings)
    frame = row_rules.drop_interpolated(config, frame, findings)
    stamps_seen: NDArray[np.int64] = frame[TIME].to_numpy(dtype=np.int64)
    frame = row_rules.set_aside_invalid_periods(config, frame, findings)
    frame = row_rules.resolve_duplicates(config, frame, findings)
    frame = row_rules.sort_rows(config, frame, findings)
    frame = row_rules.check_values(config, frame, findings)
    frame = row_rules.check_bars(config, frame, findings)
    frame = series_rules.check_continuity(config, frame, findings)
    row_rules.note_implausible_volumes(config, frame, findings)
    row_rules.note_stale_samples(config, frame, findings)
    series_rules.refuse_placeholders(config, frame, findings)
    frame = add_supplement(config, root, frame, findings)
    frame = series_rules.check_index(config, frame, findings)
    series_rules.check_index_order(config, frame, findings)
    series_rules.note_suspicious_returns(config, frame, findings)
    series_rules.note_span(config, frame, findings)
    return frame, series_rules.find_gaps(config, frame, stamps_seen, findings)


def _absent(config: DatasetConfig, root: DataRoot, content: str, findings: Findings) -> DatasetLoad:
    """No file matches: blocked, unless the dataset declares a proxy for exactly that."""
    proxied = config.gap_policy.absent_file == "proxy"
    wanted = f"a file like {config.files}"
    details = f"declared proxies: {', '.join(config.proxies)}" if proxied else "no proxy is declared"
    severity: CheckSeverity | None = "warning" if proxied else None
    findings.check("file_present", False, "no file", expected=wanted, details=details, severity=severity)
    if not proxied:
        findings.problem("file_present", str(root.path), config.dataset, "no file", wanted)
    return _load(config, root, content, findings, rows=row_schema(config).empty_table(), gaps=[], files=[])


def _load(
    config: DatasetConfig,
    root: DataRoot,
    content: str,
    findings: Findings,
    *,
    rows: pa.Table,
    gaps: list[Gap],
    files: list[RawFile],
) -> DatasetLoad:
    findings.close()
    first, last = _span(rows, config.table.time)
    return DatasetLoad(
        dataset=config.dataset,
        load_id=findings.load_id,
        data_root_id=root.data_root_id,
        source=", ".join(file.source for file in files) or f"{root.label}/(absent)",
        synthetic=root.synthetic,
        content_hash=content,
        rows=rows,
        checks=findings.checks,
        gaps=gaps,
        quarantine=findings.quarantine,
        problems=findings.problems,
        first_ts=first,
        last_ts=last,
        absent=not files,
    )


def _span(rows: pa.Table, time: str) -> tuple[datetime | None, datetime | None]:
    if rows.num_rows == 0:
        return None, None
    stamps = rows[time].cast(pa.int64())
    return as_datetime(stamps[0].as_py() // 1_000_000), as_datetime(stamps[-1].as_py() // 1_000_000)
