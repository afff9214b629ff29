"""A declared second observed source: the ratio of two other files fills what the first source lacks.

It has to earn that.  Where both sources have a row they must agree to the declared tolerance; if they
do not, the second source is left out, the disagreement is on record and the holes stay holes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.sources.cells import SECOND, parse_numbers, parse_stamps
from pipelines.sources.csv_reader import read_csv
from pipelines.sources.data_root import DataRoot
from pipelines.sources.dataset import DatasetConfig, FormatConfig, Supplement, SupplementSide
from pipelines.sources.raw import RawFile, UnreadableFileError, read_files
from pipelines.validation.findings import FILE, LINE, SOURCE, TIME, Findings
from pipelines.validation.hours import stretches

_NOTHING = pd.DataFrame(
    {
        TIME: np.empty(0, np.int64),
        "value": np.empty(0),
        FILE: np.empty(0, object),
        SOURCE: np.empty(0, object),
        LINE: np.empty(0, np.int64),
    }
)


def add_supplement(config: DatasetConfig, root: DataRoot, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """The frame with the rows only the second source has; they carry both files as their source."""
    supplement = config.supplement
    if supplement is None:
        return frame
    ratio = _ratio(supplement, root, config.format)
    if not _agrees(supplement, frame, ratio, findings):
        return frame
    new = ratio[~ratio[TIME].isin(frame[TIME])]
    hours = stretches(new[TIME].to_numpy(), findings.cadence_seconds)
    named = ", ".join(str(hour) for hour in hours)
    first = hours[0].start if hours else None
    findings.check(
        "supplement_rows",
        True,
        f"{len(new)} rows",
        details=f"{supplement.reason}: {named or 'none needed'}",
        first=first,
    )
    return _appended(frame, new, findings)


def _agrees(supplement: Supplement, frame: pd.DataFrame, ratio: pd.DataFrame, findings: Findings) -> bool:
    both = frame[[TIME, supplement.column]].merge(ratio[[TIME, supplement.column]], on=TIME, suffixes=("", "_second"))
    apart = (both[f"{supplement.column}_second"] / both[supplement.column] - 1).abs()
    largest = float(apart.max()) if len(both) else float("nan")
    agrees = bool(largest <= supplement.tolerance)
    findings.check(
        "supplement_agrees",
        agrees,
        f"{largest:.3g} apart at most, over {len(both)} common stamps",
        expected=f"at most {supplement.tolerance:g} apart, over at least one common stamp",
        details="" if agrees else "the second source is not used",
    )
    return agrees


def _ratio(supplement: Supplement, root: DataRoot, layout: FormatConfig) -> pd.DataFrame:
    """Instant, ratio, file, provenance and line (of the numerator) wherever both files have a number."""
    numerator = _side(supplement, supplement.numerator, root, layout)
    denominator = _side(supplement, supplement.denominator, root, layout)
    both = numerator.merge(denominator, on=TIME, suffixes=("", "_below"))
    both[supplement.column] = both["value"] / both["value_below"]
    both[SOURCE] = both[SOURCE] + " / " + both[f"{SOURCE}_below"]
    both = both[np.isfinite(both[supplement.column])]
    return both[[TIME, supplement.column, FILE, SOURCE, LINE]].sort_values(TIME)


def _side(supplement: Supplement, side: SupplementSide, root: DataRoot, layout: FormatConfig) -> pd.DataFrame:
    parts = [_read_side(supplement, side, file, layout) for file in read_files(root, [side.files])]
    rows = pd.concat([_NOTHING, *parts], ignore_index=True) if parts else _NOTHING
    return rows.drop_duplicates(TIME, keep=False)


def _read_side(supplement: Supplement, side: SupplementSide, file: RawFile, layout: FormatConfig) -> pd.DataFrame:
    """Readable rows alone: an unreadable one is its own dataset's finding, here it is just not there."""
    time = supplement.time
    try:
        table = read_csv(file.data, [time.column, side.column], layout)
    except UnreadableFileError:
        return _NOTHING
    micros, unreadable = parse_stamps(_flat(table.cells[time.column]), list(time.formats), time.timezone)
    values, _ = parse_numbers(_flat(table.cells[side.column]))
    rows = pd.DataFrame(
        {TIME: micros // SECOND, "value": values, FILE: file.name, SOURCE: file.source, LINE: table.lines}
    )
    return rows[~unreadable & np.isfinite(values)]


def _appended(frame: pd.DataFrame, new: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """New rows get their own places in ``findings.cells``, so that a later rule can still name them."""
    places = np.arange(findings.cells.num_rows, findings.cells.num_rows + len(new))
    texts = pa.table({name: pa.nulls(len(new), pa.string()) for name in findings.cells.column_names})
    findings.cells = pa.concat_tables([findings.cells, texts])
    joined = pd.concat([frame.astype({FILE: object}), new.set_index(places)])
    joined[FILE] = joined[FILE].astype("category")
    return joined.sort_values(TIME, kind="stable")


def _flat(texts: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], pa.string())
