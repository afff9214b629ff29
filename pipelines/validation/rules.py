"""Every validation rule by name: how grave a breach is and what it asks of the rows.

``blocking`` breaches become problems that stop whatever depends on the dataset; the rows concerned are
quarantined.  ``warning`` and ``info`` findings are counted and kept in ``quality.checks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.validation.records import CheckSeverity


@dataclass(frozen=True, slots=True)
class Rule:
    """``code`` is the registered error code of a blocking breach; ``declared_by`` the key that switches it on."""

    name: str
    severity: CheckSeverity
    code: str | None
    expected: str
    declared_by: str
    why: str


def _blocking(name: str, code: str, expected: str, declared_by: str, why: str) -> Rule:
    return Rule(name, "blocking", code, expected, declared_by, why)


def _warning(name: str, expected: str, declared_by: str, why: str) -> Rule:
    return Rule(name, "warning", None, expected, declared_by, why)


RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        _blocking("file_present", "DATA-001", "a file matches the pattern", "files, gap_policy.absent_file",
                  "A dataset without a file blocks unless absent_file declares a proxy for it."),
        _blocking("file_readable", "DATA-008", "text in the declared encoding and layout", "format, reader",
                  "An HTML page, cut-off JSON or another encoding is not data."),
        _blocking("required_columns", "DATA-008", "every declared raw column is in the header", "columns, time",
                  "A renamed column must not turn into an empty one."),
        _blocking("row_form", "DATA-008", "as many fields in a row as in the header", "format",
                  "A cut-off or merged row shifts its values into other columns."),
        _blocking("placeholder", "DATA-007", "real observations: enough rows, irregular steps",
                  "rules.placeholder (a file without rows is refused always)",
                  "Header-only files, short stubs and made-up ramps look like data until money depends on them."),
        _blocking("stamp_readable", "DATA-005", "an instant in one of the declared formats, 2009 to 2100", "time",
                  "A stamp that is guessed at moves a price to another hour.  Other zones are converted; a stamp "
                  "without a zone is UTC only where timezone declares it."),
        _blocking("stamps_agree", "DATA-005", "both stamp columns name the same instant", "time.agrees_with",
                  "A file that writes its time twice must not contradict itself."),
        _blocking("on_grid", "DATA-005", "a stamp on the declared grid, within the declared jitter",
                  "time.grid, time.jitter_seconds", "An hourly series at half past is another series."),
        _warning("stamp_jitter", "stamps exactly on the grid", "time.jitter_seconds",
                 "Settlement stamps come some seconds late; they are snapped to the grid and counted."),
        _blocking("conflicting_duplicates", "DATA-004", "one row per key", "(always)",
                  "Two rows for one key with different values: neither is known to be right, so BOTH are "
                  "quarantined, whatever their order."),
        _warning("exact_duplicates", "one row per key", "(always)", "Identical rows: the first is kept."),
        _warning("sorted_rows", "ascending stamps", "(always)", "Rows out of order are sorted and counted."),
        _blocking("value_readable", "DATA-008", "a number", "columns", "Text in a number column."),
        _blocking("value_present", "DATA-009", "a finite value", "columns.nullable",
                  "An empty cell is not zero; infinity is no price."),
        _blocking("positive", "DATA-009", "above zero", "rules.positive", "Prices and gas are never zero or less."),
        _blocking("bounds", "DATA-009", "inside the declared bounds", "rules.bounds",
                  "Catches other units (percent for fraction, ray for 1.0) and impossible rates."),
        _blocking("ohlc_order", "DATA-009", "low <= open, close <= high", "rules.ohlc_order",
                  "A bar that breaks its own range has mixed-up or corrupted columns."),
        _blocking("bar_continuity", "DATA-009", "an open near the close of the hour before", "rules.bar_continuity",
                  "A market moves inside its bars, not between them: a jump from close to open is a bad tick, "
                  "another contract or another scale, while a crash is a long bar."),
        _blocking("monotone", "DATA-006", "an index that never falls", "rules.monotone",
                  "Accrual indices and staking rates only grow; a flat stretch is fine."),
        _blocking("index_scale", "DATA-009", "growth within the declared bound per day",
                  "rules.monotone.max_growth_per_day", "A jump is a change of scale or a wrong row."),
        _blocking("index_order", "DATA-009", "the supply index grows no faster than the borrow index",
                  "rules.index_order", "Suppliers share what borrowers pay; the other way round, columns are swapped."),
        _warning("vwap_inside_range", "quote volume / volume inside [low, high]", "rules.vwap",
                 "Volume columns in other units, or a bar that does not belong to its volume."),
        _warning("suspicious_return", "no step beyond the declared threshold", "rules.suspicious_return",
                 "A real crash or a bad tick: reported, and kept.  Whether venues agree is judged across venues."),
        _warning("sample_age", "sampled within the declared minutes of the label", "rules.sample_age",
                 "Joined by the true sample time, never by the label."),
        _warning("invalid_period", "no rows inside declared invalid periods", "invalid_periods",
                 "Rows declared unsound are quarantined with the declared reason; their hours are holes."),
        Rule("observed_only", "info", None, "observed rows only", "observed_only",
             "Rows interpolated between observations contain the next one; they are dropped and counted."),
        Rule("selected_rows", "info", None, "rows of the declared kind", "select_rows",
             "Rows of another kind are left out and counted."),
        _warning("supplement_agrees", "the second source equals the first where both have a row", "supplement",
                 "A second source may only fill a hole if it says the same everywhere else."),
        Rule("supplement_rows", "info", None, "rows from the declared second source", "supplement",
             "Counted, and traceable by their source."),
        _warning("holes", "every stamp of the cadence between first and last", "cadence, gap_policy",
                 "Named to the hour in quality.gaps; whether a hole may be filled is decided where rows are used."),
        _warning("coverage", "every stamp of the cadence in the window", "the window asked for",
                 "What a dataset lacks by itself; a proxy may still cover it."),
        Rule("span", "info", None, "dates in a file name are requests, not contents", "(always)",
             "First and last valid row."),
    )
}  # fmt: skip
