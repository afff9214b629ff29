"""The pages in a real browser: nothing fails, nothing is fetched, every chart has something in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from pipelines.reports import ReportFiles, RunTables, write_index, write_reports

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (1280, 390)


@dataclass
class Visit:
    """An open page, what it complained about, and what it asked for beyond its own files."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def on_request(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.requests.append(url)

    def drawn(self, key: str) -> dict[str, int]:
        """Traces and drawn marks of a chart."""
        return self.page.evaluate(
            """key => { const box = document.getElementById("chart-" + key);
                 return { traces: box.data.length, marks: box.querySelectorAll(".trace path, .points path").length,
                          width: Math.round(box.querySelector(".main-svg").getBoundingClientRect().width) }; }""",
            key,
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM.exists(), f"{CHROMIUM} is needed: apt-get install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def results(
    btc_basis_run: RunTables, pure_lending_run: RunTables, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ReportFiles]:
    folder = tmp_path_factory.mktemp("results")
    runs = (btc_basis_run, pure_lending_run)
    written = {str(run.run["mode"]): write_reports(run, folder / str(run.run["run_id"])) for run in runs}
    write_index(folder, pd.concat([run.runs.merge(run.summary, on="run_id") for run in runs]))
    return written


def visit(browser: Browser, path: Path, width: int) -> Visit:
    page = browser.new_page(viewport={"width": width, "height": 900})
    seen = Visit(page)
    page.on("console", seen.on_console)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("request", lambda request: seen.on_request(request.url))
    page.goto(path.as_uri())
    page.wait_for_function("() => [...document.querySelectorAll('.chart')].every(b => b.querySelector('.main-svg'))")
    return seen


def assert_quiet_and_no_wider_than_the_screen(seen: Visit, width: int) -> None:
    assert seen.complaints == []
    assert seen.requests == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("mode", "charts", "absent"),
    [
        (
            "btc_basis",
            ["nav_drawdown", "pnl_components", "funding", "margin_ratio", "delta", "costs", "events", "residual"],
            ["ltv", "health_factor"],
        ),
        (
            "pure_lending",
            ["nav_drawdown", "pnl_components", "costs", "events", "residual"],
            ["funding", "margin_ratio", "delta", "ltv", "health_factor"],
        ),
    ],
)
def test_report_opens_with_every_chart(
    browser: Browser, results: dict[str, ReportFiles], mode: str, charts: list[str], absent: list[str], width: int
) -> None:
    seen = visit(browser, results[mode].report_html, width)
    page = seen.page
    assert [box.get_attribute("id") for box in page.query_selector_all(".chart")] == [f"chart-{key}" for key in charts]
    for key in charts:
        drawn = seen.drawn(key)
        assert drawn["traces"] > 0, key
        assert drawn["marks"] > 0, key
        assert 300 < drawn["width"] <= width, key
    for key in absent:
        assert "not part of this mode" in page.inner_text(f"#absent-{key}")
    assert page.is_visible("#synthetic-banner") == (mode == "btc_basis")
    assert "PASS" in page.inner_text("#verdict")
    assert_quiet_and_no_wider_than_the_screen(seen, width)
    page.close()


def test_a_click_on_the_legend_hides_and_shows_a_source(browser: Browser, results: dict[str, ReportFiles]) -> None:
    seen = visit(browser, results["btc_basis"].report_html, 1280)
    button = seen.page.locator("#chart-pnl_components").locator("xpath=..").locator(".legend button").first
    visible = "document.getElementById('chart-pnl_components').data[0].visible"
    button.click()
    assert seen.page.evaluate(visible) is False
    button.click()
    assert seen.page.evaluate(visible) is True
    assert_quiet_and_no_wider_than_the_screen(seen, 1280)
    seen.page.close()


@pytest.mark.parametrize("name", ["cumulative_pnl", "pnl_components", "delta_neutrality", "margin_ratios"])
def test_each_plot_stands_alone(browser: Browser, results: dict[str, ReportFiles], name: str) -> None:
    drawn = visit(browser, results["btc_basis"].plots[name], 390)
    key = {"delta_neutrality": "delta", "margin_ratios": "margin_ratio"}.get(name, name)
    assert drawn.drawn(key)["marks"] > 0
    assert drawn.page.is_visible("#synthetic-banner")
    assert_quiet_and_no_wider_than_the_screen(drawn, 390)
    drawn.page.close()
    lending = visit(browser, results["pure_lending"].plots[name], 1280)
    assert bool(lending.page.query_selector(".absent")) == (name in ("delta_neutrality", "margin_ratios"))
    assert_quiet_and_no_wider_than_the_screen(lending, 1280)
    lending.page.close()


def test_the_index_leads_to_the_reports(browser: Browser, results: dict[str, ReportFiles]) -> None:
    seen = visit(browser, results["btc_basis"].folder.parent / "index.html", 1280)
    assert seen.page.locator("a").count() == 2
    seen.page.get_by_role("link", name="btc_basis").click()
    seen.page.wait_for_selector("#chart-nav_drawdown .main-svg")
    assert_quiet_and_no_wider_than_the_screen(seen, 1280)
    seen.page.close()
