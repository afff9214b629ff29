"""The documentation: links resolve, generated pages are current, and what it tells people to type exists."""

from __future__ import annotations

import importlib.util
import re
import shutil
from datetime import date
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest
import typer
from pydantic import BaseModel

from engine.config import ModeConfig, Settings, ShareClassConfig, VenueConfig, load_configuration
from engine.config.mode import ComponentConfig, DataRequirements, Limits
from engine.config.settings import variable_of
from engine.config.venue import MarginSchedule, MarginTier, Parameter, Products
from pipelines.backtest import BacktestRequest, run_mode
from pipelines.cli.app import app
from pipelines.defs.resources import BacktestConfig, CashFlow
from pipelines.project import Project
from pipelines.sources.dataset import DatasetConfig
from pipelines.sources.dataset_rules import RulesConfig
from pipelines.sources.sample import generate_sample
from pipelines.warehouse.query import run_sql

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OUTSIDE_DOCS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "data/README.md", "warehouse/README.md")
PAGES = sorted([*(ROOT / name for name in OUTSIDE_DOCS), *(ROOT / "docs").rglob("*.md")])
QUERIES = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
QUERIED_MODES = ("btc_basis", "usdt_market_neutral")
SAMPLE_START, SAMPLE_END, SAMPLE_DAYS = date(2026, 1, 1), date(2026, 1, 20), 20
LARGEST_PICTURE = 400_000

page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def shell_lines(text: str) -> list[str]:
    """Commands of shell blocks, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line.split(" #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading)).lower() for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


# --- links and pictures ---------------------------------------------------------------------------------------------


@page
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    text = without_code(text_of(path))
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'<img src="([^"]+)"', text):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(text_of(target))):
            broken.append(link)
    assert broken == []


def test_every_page_of_the_docs_is_linked_from_another() -> None:
    linked = {
        (path.parent / link.partition("#")[0]).resolve()
        for path in PAGES
        for link in re.findall(r"\]\(([^)\s]+)\)", text_of(path))
    }
    assert [path.name for path in PAGES if path.is_relative_to(ROOT / "docs") and path not in linked] == []


def test_picture_of_the_report_is_a_png_of_modest_size() -> None:
    picture = (ROOT / "docs" / "images" / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < LARGEST_PICTURE


# --- generated pages ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["errors.md", "data.md"])
def test_generated_pages_are_up_to_date(name: str, generator: ModuleType) -> None:
    path = ROOT / "docs" / name
    assert text_of(path) == generator.pages()[path], "write them anew: python docs/generate.py"


# --- commands -------------------------------------------------------------------------------------------------------


@page
def test_make_targets_named_in_text_and_examples_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    text = text_of(path)
    named = re.findall(r"`make ([a-z0-9-]+)", text) + re.findall(r"^make ([a-z0-9-]+)", text, re.MULTILINE)
    assert [name for name in named if name not in targets] == []


@page
def test_commands_and_options_of_shell_examples_exist(path: Path) -> None:
    group = typer.main.get_command(app)
    commands = getattr(group, "commands")  # noqa: B009 - a click group, whichever click typer brings
    unknown = []
    for line in shell_lines(text_of(path)):
        found = re.match(r"(?:\.venv/bin/)?basis (\w+)(.*)", line)
        if found is None:
            continue
        name, rest = found.groups()
        if name not in commands:
            unknown.append(line)
            continue
        options = {option for parameter in commands[name].params for option in parameter.opts}
        outside_quotes = re.sub(r'".*?"', "", rest)
        unknown += [f"{name} {option}" for option in re.findall(r"--[a-z-]+", outside_quotes) if option not in options]
    assert unknown == []


def test_modes_named_in_shell_examples_exist() -> None:
    modes = {path.stem for path in (ROOT / "configs" / "modes").glob("*.yaml")}
    lines = [line for path in PAGES for line in shell_lines(text_of(path))]
    named = [name for line in lines for name in re.findall(r"(?:MODE=|basis (?:backtest|stress) |--mode )(\w+)", line)]
    assert named
    assert [name for name in named if name not in modes] == []


# --- configuration page ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "name"),
    [
        *((model, "configuration.md") for model in (ModeConfig, ComponentConfig, DataRequirements, Limits)),
        *((model, "configuration.md") for model in (VenueConfig, Products, Parameter, MarginSchedule, MarginTier)),
        *((model, "configuration.md") for model in (ShareClassConfig, BacktestConfig, CashFlow)),
        *((model, "data.md") for model in (DatasetConfig, RulesConfig)),
    ],
)
def test_every_key_is_described(model: type[BaseModel], name: str) -> None:
    text = text_of(ROOT / "docs" / name)
    assert [key for key in model.model_fields if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", text)] == []


def test_every_environment_variable_is_described() -> None:
    text = text_of(ROOT / "docs" / "configuration.md")
    assert [field for field in Settings.model_fields if f"`{variable_of(field)}`" not in text] == []


def test_mode_shown_in_the_readme_is_valid(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    blocks = re.findall(r"```yaml\n(mode: .*?)```", README, re.DOTALL)
    assert len(blocks) == 1
    name = blocks[0].splitlines()[0].removeprefix("mode: ")
    (tmp_path / "configs" / "modes" / f"{name}.yaml").write_text(blocks[0], encoding="utf-8")
    assert name in load_configuration(tmp_path / "configs").modes


# --- queries --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with two published runs on a small sample."""
    root = tmp_path_factory.mktemp("project")
    generate_sample(root / "sample", 42, SAMPLE_START, SAMPLE_DAYS)
    settings = Settings(
        environment="dev", execution_mode="backtest", data_mode="csv", data_dir=root / "sample",
        results_dir=Path("results"), log_level="WARNING", data_start_date=SAMPLE_START, data_end_date=SAMPLE_END,
    )  # fmt: skip
    project = Project(root, ROOT / "configs", settings, {})
    for mode in QUERIED_MODES:
        run_mode(project, BacktestRequest(mode))
    return root


def test_the_readme_has_five_queries() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize("query", QUERIES, ids=[f"query {number}" for number in range(1, len(QUERIES) + 1)])
def test_queries_of_the_readme_answer_on_a_sample(query: str, warehouse: Path) -> None:
    answer = run_sql(query, warehouse)
    assert isinstance(answer, pa.Table)
    assert answer.num_rows > 0
