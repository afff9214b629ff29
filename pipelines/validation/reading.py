"""From the bytes of a dataset's files to one frame of canonical columns with readable stamps.

The frame's index is the row's position in ``findings.cells`` (its raw text); beside the canonical columns
it has the instant (epoch seconds, UTC), the file, the line and the provenance of each row.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sources.cells import SECOND, parse_numbers, parse_stamps
from pipelines.sources.costs_reader import read_execution_costs
from pipelines.sources.csv_reader import read_csv
from pipelines.sources.dataset import ColumnConfig, DatasetConfig
from pipelines.sources.raw import RawFile, RawTable, UnreadableFileError
from pipelines.validation.findings import FILE, LINE, SOURCE, TIME, Findings, Mask
from pipelines.validation.records import Quarantined

_GRID_SECONDS = {"1h": 3600, "1d": 86400}
_NAMED = 100


def wanted_columns(config: DatasetConfig) -> list[str]:
    """Raw columns a dataset reads, each once."""
    names = [config.time.column]
    if config.time.agrees_with:
        names.append(config.time.agrees_with.column)
    if config.select_rows:
        names.append(config.select_rows.column)
    names += [name for column in config.columns.values() for name in column.raw_columns]
    return list(dict.fromkeys(names))


def read_frame(config: DatasetConfig, files: list[RawFile], findings: Findings) -> pd.DataFrame:
    """All files of the dataset as one frame; what cannot be read is named in ``findings``."""
    tables = [(file, _read_rows(config, file, findings)) for file in files]
    readable = [(file, table) for file, table in tables if table is not None]
    columns = wanted_columns(config)
    schema = pa.schema([(name, pa.string()) for name in columns])
    chunks = [table.cells.select(columns).cast(schema) for _, table in readable]
    findings.cells = pa.concat_tables([schema.empty_table(), *chunks]).combine_chunks()
    frame = _origins(readable)
    frame = frame[~_blank_lines(findings.cells)]
    frame = _selected(config, frame, findings)
    frame = _with_stamps(config, frame, findings)
    return _with_values(config, frame, findings)


def _read_rows(config: DatasetConfig, file: RawFile, findings: Findings) -> RawTable | None:
    try:
        if config.reader == "execution_costs_json":
            table = read_execution_costs(file.data)
        else:
            table = read_csv(file.data, wanted_columns(config), config.format)
    except UnreadableFileError as error:
        findings.problem("file_readable", file.name, "(file)", str(error))
        return None
    for name in table.missing:
        findings.problem("required_columns", file.name, "(header)", f"column {name} is missing")
    if not table.missing and table.cells.num_rows == 0:
        findings.problem("placeholder", file.name, "(file)", "a header and no rows")
    _refuse_malformed(file, table, findings)
    return table


def _refuse_malformed(file: RawFile, table: RawTable, findings: Findings) -> None:
    for line, text in table.malformed[:_NAMED]:
        findings.problem("row_form", file.name, f"line {line}", text)
    if len(table.malformed) > _NAMED:
        rest = len(table.malformed) - _NAMED
        findings.problem("row_form", file.name, f"after line {table.malformed[_NAMED - 1][0]}", f"{rest} more rows")
    findings.quarantine += [
        Quarantined(
            findings.load_id,
            findings.dataset,
            f"{file.name}:{line}",
            "row_form: fields missing or extra",
            json.dumps({"(line)": text}, ensure_ascii=False),
        )
        for line, text in table.malformed
    ]


def _origins(tables: list[tuple[RawFile, RawTable]]) -> pd.DataFrame:
    """File, provenance and line of every row, in file order."""
    counts = [table.cells.num_rows for _, table in tables]
    codes = np.repeat(np.arange(len(tables)), counts)
    lines = np.concatenate([np.empty(0, np.int64), *(table.lines for _, table in tables)])
    return pd.DataFrame(
        {
            FILE: pd.Categorical.from_codes(codes, [file.name for file, _ in tables]),
            SOURCE: pd.Series(np.array([file.source for file, _ in tables], dtype=object)[codes], dtype="object"),
            LINE: lines,
        }
    )


def _blank_lines(cells: pa.Table) -> Mask:
    blank = np.ones(cells.num_rows, dtype=bool)
    for name in cells.column_names:
        blank &= cells[name].is_null().to_numpy()
    return blank


def _selected(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    selection = config.select_rows
    if selection is None:
        return frame
    kept = pc.is_in(_texts(findings, selection.column, frame), value_set=pa.array(selection.values)).to_numpy(
        zero_copy_only=False
    )
    findings.check("selected_rows", True, f"{int((~kept).sum())} rows left out", details=selection.reason)
    return frame[kept]


def _with_stamps(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Adds the instant, snapped to the grid; rows without a readable, agreeing stamp on the grid are refused."""
    time = config.time
    micros, unreadable = parse_stamps(_texts(findings, time.column, frame), list(time.formats), time.timezone)
    _refuse_stamps("stamp_readable", time.column, frame, unreadable, findings)
    if time.agrees_with is not None:
        texts = _texts(findings, time.agrees_with.column, frame)
        other, other_unreadable = parse_stamps(texts, list(time.agrees_with.formats), time.timezone)
        differs = ~unreadable & (other_unreadable | (other != micros))
        _refuse_stamps("stamps_agree", time.agrees_with.column, frame, differs, findings)
        unreadable |= differs
    frame, micros = frame[~unreadable].copy(), micros[~unreadable]
    grid = _GRID_SECONDS[time.grid] * SECOND
    snapped = (micros + grid // 2) // grid * grid
    distance = np.abs(snapped - micros)
    off = distance > time.jitter_seconds * SECOND
    frame[TIME] = np.where(off, micros, snapped) // SECOND
    if time.jitter_seconds:
        findings.note_rows("stamp_jitter", frame[~off & (distance > 0)])
    expected = f"a stamp on the {time.grid} grid, within {time.jitter_seconds} s"
    return findings.refuse("on_grid", frame, off, [], expected)


def _refuse_stamps(rule: str, column: str, frame: pd.DataFrame, bad: Mask, findings: Findings) -> None:
    """Name rows by line and text: they have no hour to be named by."""
    rows = frame[bad]
    texts = findings.cells[column].take(pa.array(rows.index.to_numpy())).to_pylist()
    named = list(zip(rows[FILE], rows[LINE], texts, strict=True))
    for file, line, text in named[:_NAMED]:
        findings.problem(rule, file, f"line {line}", f"{column} = {text!r}")
    if len(named) > _NAMED:
        findings.problem(rule, named[0][0], f"after line {named[_NAMED - 1][1]}", f"{len(named) - _NAMED} more rows")
    if named:
        findings.set_aside(rows, rule)
    lines = ", ".join(f"{file}:{line} {text!r}" for file, line, text in named[:_NAMED])
    findings.check(rule, not named, f"{len(named)} rows", details=lines)


def _with_values(config: DatasetConfig, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Adds the canonical columns; rows with text where a number or instant belongs are refused."""
    frame = frame.copy()
    unreadable: dict[str, Mask] = {}
    for name, column in config.columns.items():
        frame[name], unreadable[name] = _column_values(column, frame, findings)
    bad = np.logical_or.reduce(list(unreadable.values()))
    columns = [name for name, mask in unreadable.items() if mask.any()]
    return findings.refuse("value_readable", frame, bad, columns)


def _column_values(column: ColumnConfig, frame: pd.DataFrame, findings: Findings) -> tuple[np.ndarray, Mask]:
    readable = np.zeros(len(frame), dtype=bool)
    if column.constant is not None:
        return np.full(len(frame), column.constant, dtype=object), readable
    if column.ratio is not None:
        numerator, bad = parse_numbers(_texts(findings, column.ratio.numerator, frame))
        parts = [parse_numbers(_texts(findings, name, frame)) for name in column.ratio.denominators]
        denominator = np.sum([values for values, _ in parts], axis=0)
        bad = np.logical_or.reduce([bad, *(mask for _, mask in parts)])
        with np.errstate(divide="ignore", invalid="ignore"):
            return numerator / denominator, bad
    texts = _texts(findings, column.raw_columns[0], frame)
    if column.kind == "text":
        return texts.to_numpy(zero_copy_only=False), readable
    if column.kind == "number":
        values, bad = parse_numbers(texts)
        return values if column.scale is None else values * column.scale, bad
    formats = ["epoch_s", "epoch_ms"] if column.kind == "epoch_s" else ["date"]
    return parse_stamps(texts, formats, "UTC")


def _texts(findings: Findings, column: str, frame: pd.DataFrame) -> pa.Array:
    texts = findings.cells[column]
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], pa.string())
    return whole if len(frame) == len(whole) else whole.take(pa.array(frame.index.to_numpy()))
