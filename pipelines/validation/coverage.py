"""Does one validated dataset cover a window by itself?  Proxies and projections are judged where tables are built."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa

from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.hours import as_datetime, hour_text, stretches
from pipelines.validation.records import Check, DatasetLoad, Gap
from pipelines.validation.rules import RULES


def check_coverage(config: DatasetConfig, load: DatasetLoad, start: date, end: date) -> tuple[Check, list[Gap]]:
    """Stamps of the cadence from ``start`` 00:00 to the last hour of ``end`` that the dataset itself lacks.

    An irregular dataset covers every window.
    """
    step = config.cadence_seconds
    first = int(datetime.combine(start, time(), UTC).timestamp())
    last = int(datetime.combine(end + timedelta(days=1), time(), UTC).timestamp()) - 1
    grid = np.arange(first, last + 1, step) if step else np.empty(0, dtype=np.int64)
    present = load.rows[config.table.time].cast(pa.int64()).to_numpy() // 1_000_000
    holes = stretches(np.setdiff1d(grid, present), step or 1)
    venue, symbol = config.gap_labels
    check = Check(
        load_id=load.load_id,
        dataset=load.dataset,
        check_name="coverage",
        severity=RULES["coverage"].severity,
        passed=not holes,
        observed=f"{grid.size - sum(hole.count for hole in holes)} of {grid.size} stamps",
        expected=f"every {config.cadence} stamp from {hour_text(first)} to {end.isoformat()}",
        details=", ".join(str(hole) for hole in holes),
        ts=as_datetime(holes[0].start) if holes else None,
    )
    gaps = [
        Gap(load.load_id, load.dataset, venue, symbol, as_datetime(h.start), as_datetime(h.end), h.count, "unresolved")
        for h in holes
    ]
    return check, gaps
