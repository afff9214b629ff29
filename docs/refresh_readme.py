"""The numbers and the picture of the README, from the sample.

Run ``make demo``, then ``python docs/refresh_readme.py``.  It replaces what lies between the README's markers
(``<!-- filled: name -->`` and ``<!-- end -->``) and the answer below each of its queries, and takes
``docs/images/report.png`` with Debian's chromium.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import sync_playwright

from pipelines.cli.results import print_results
from pipelines.project import Project
from pipelines.warehouse.formatting import OutputFormat, render
from pipelines.warehouse.query import run_sql

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "images" / "report.png"
PICTURED_MODE, STRESSED_MODE = "btc_basis", "usdt_market_neutral"
SHOWN_SCENARIOS = ("none", "ETH and BTC", "LST", "borrow", "funding", "gas", "USDT", "binance frozen")
QUERY = re.compile(r"(```sql\n(.*?)```\n\n```text\n).*?(```)", re.DOTALL)


def latest_runs(project: Project) -> dict[str, str]:
    """Newest run of each mode, which must be of synthetic data."""
    rows = run_sql("SELECT mode, run_id, data_source FROM results.latest_runs", project.root).to_pylist()
    real = [row["run_id"] for row in rows if row["data_source"] != "synthetic"]
    if real or not rows:
        raise SystemExit(f"run `make demo` first: {', '.join(real) or 'there is no run'}")
    return {row["mode"]: row["run_id"] for row in rows}


def results(project: Project) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print_results(project, list(latest_runs(project).values()))
    return fenced(text.getvalue())


def stress(_project: Project) -> str:
    answer = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pipelines.cli", "stress", STRESSED_MODE, "--format", "json"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    lines = [
        "| scenario | final NAV | effect | lowest HF | lowest margin | liquidations |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in json.loads(answer.stdout):
        if row["final_nav"] is None or not row["scenario"].startswith(SHOWN_SCENARIOS):
            continue
        name = row["scenario"] if row["scenario"] != "none" else f"none, {row['reference']}"
        effect = "" if row["effect_share"] is None else f"{row['effect_share']:+.2%}"
        lines.append(
            f"| {name} | {row['final_nav']:,.0f} | {effect} | {row['min_health_factor']:.3f} |"
            f" {row['min_margin_ratio']:.3f} | {row['liquidations']} |"
        )
    return "\n".join(lines)


def fenced(text: str) -> str:
    return "```text\n" + "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n```"


SECTIONS: Mapping[str, Callable[[Project], str]] = {"results of make demo": results, "stress": stress}


def refreshed(text: str, project: Project) -> str:
    """The README with its numbers of the newest runs."""
    for name, make in SECTIONS.items():
        section = make(project)
        marked = re.compile(rf"(<!-- filled: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, found = marked.subn(lambda match, body=section: f"{match[1]}{body}\n{match[2]}", text)
        if found != 1:
            raise SystemExit(f"README.md must hold exactly one section {name!r}, found {found}")
    return QUERY.sub(lambda match: f"{match[1]}{_answer(match[2], project)}{match[3]}", text)


def _answer(query: str, project: Project) -> str:
    table = render(run_sql(query, project.root), OutputFormat.TABLE, width=140)
    return "".join(line.rstrip() + "\n" for line in table.splitlines())


def picture(project: Project) -> None:
    report = project.results_dir / latest_runs(project)[PICTURED_MODE] / "report.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1525})
        page.goto(report.as_uri())
        page.wait_for_timeout(2000)
        page.screenshot(path=PICTURE)
        browser.close()


def main() -> None:
    project = Project.open()
    README.write_text(refreshed(README.read_text(encoding="utf-8"), project), encoding="utf-8")
    picture(project)


if __name__ == "__main__":
    main()
