"""The parts of the documentation that the code declares: error codes, validation rules, datasets.

Write them anew with ``python docs/generate.py``; a test compares them with what is in the repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path

from engine.errors import REGISTRY
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_files import load_dataset_configs
from pipelines.validation.rules import RULES

DOCS = Path(__file__).resolve().parent
DATASETS_DIR = DOCS.parent / "configs" / "datasets"

ERRORS_INTRODUCTION = """\
# Error codes

Every refusal has a registered code. It says what is wrong, what was expected, where it was looked for, what is there
instead, and what to do. All problems of a file or a request are named at once, so you mend it once.
This page is generated (`python docs/generate.py`) from `engine/errors.py`.

`CRITICAL` stops the run. `HIGH` is reported, and the strategy reacts to it. `MEDIUM` is reported and goes on.
A failed run keeps its error as JSON in `results.runs.error_json`; earlier results stay as they are:

```sh
basis sql "select run_id, status, error_json->>'$.error_code' as code from results.runs where status = 'failed'"
```
"""


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    names = list(columns)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def errors_page() -> str:
    parts = [ERRORS_INTRODUCTION]
    for prefix, group in groupby(REGISTRY.values(), key=lambda entry: entry.code.partition("-")[0]):
        rows = [(f"`{c.code}`", c.severity.value, c.title, c.resolution, c.component) for c in group]
        parts.append(f"## {prefix}\n\n" + table(("code", "severity", "what it means", "what to do", "component"), rows))
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def rules_table() -> str:
    rows = [
        (f"`{r.name}`", r.severity, f"`{r.code}`" if r.code else "", r.expected, r.declared_by, r.why)
        for r in RULES.values()
    ]
    return table(("rule", "severity", "code", "what it asks", "switched on by", "why"), rows)


def datasets_table() -> str:
    return table(
        ("dataset", "file", "feeds", "step", "stamp is", "holes", "stands in"),
        (_dataset_row(config) for _, config in sorted(load_dataset_configs(DATASETS_DIR).items())),
    )


def _dataset_row(config: DatasetConfig) -> tuple[str, ...]:
    return (
        f"`{config.dataset}`",
        f"`{config.files}`",
        f"`{config.feeds.table}` {config.feeds.series}",
        config.cadence,
        config.time.stands_for.replace("_", " "),
        _holes(config),
        ", ".join(config.proxies) or "none",
    )


def _holes(config: DatasetConfig) -> str:
    policy = config.gap_policy
    if policy.action == "error":
        return "refused"
    longest = "any length" if policy.max_gap_hours is None else f"up to {policy.max_gap_hours} h"
    absent = "; absent file too" if policy.absent_file == "proxy" else ""
    return f"{'proxied' if policy.action == 'proxy' else 'held'}, {longest}{absent}"


SECTIONS: Mapping[str, Callable[[], str]] = {"rules": rules_table, "datasets": datasets_table}
"""Sections of ``data.md`` between ``<!-- generated: name -->`` and ``<!-- end -->``."""


def data_page(text: str) -> str:
    """``data.md`` with its generated sections made anew."""
    for name, make in SECTIONS.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        section = make()
        text, found = pattern.subn(lambda match, body=section: f"{match[1]}{body}\n{match[2]}", text)
        if found != 1:
            raise ValueError(f"docs/data.md must hold exactly one section {name!r}, found {found}")
    return text


def pages() -> dict[Path, str]:
    """Every page with generated content, as it should be."""
    data = DOCS / "data.md"
    return {DOCS / "errors.md": errors_page(), data: data_page(data.read_text(encoding="utf-8"))}


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
