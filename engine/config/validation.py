"""All levels over all files: what `basis validate` prints and what loading refuses with.

1. schema (`schema`), 2. business rules (`business`, `venue_rules`), 3. required and forbidden fields (`fields`,
`components`), 4. the data a mode must ask for (`data_needs`), 5. agreement between files (`consistency`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from engine.config import business, components, consistency, data_needs, fields, venue_rules
from engine.config.documents import NAME_FIELDS, Document, Documents, read_documents
from engine.config.mode import ModeConfig
from engine.config.overrides import apply_environment
from engine.config.rules import Catalog, Finding, ModeRule
from engine.config.schema import parse
from engine.config.share_class import ShareClassConfig
from engine.config.venue import VenueConfig
from engine.errors import Problem

MODE_RULES: tuple[ModeRule, ...] = (
    *business.RULES,
    *fields.RULES,
    *components.RULES,
    *data_needs.RULES,
    *consistency.RULES,
)


@dataclass(frozen=True)
class Validated:
    """The outcome for one folder: what fits its schema, the documents it came from, and every problem."""

    documents: Documents
    catalog: Catalog
    problems: tuple[Problem, ...]


def validate(configs_dir: Path, environ: Mapping[str, str]) -> Validated:
    """Read a configuration folder, lay the environment over it and apply every level; never raises."""
    documents, problems = apply_environment(read_documents(configs_dir), environ)
    problems = [*documents.problems, *problems]
    models: dict[str, dict[str, BaseModel]] = {}
    for section, files in documents.by_section.items():
        models[section] = {}
        for name, document in files.items():
            model, misfits = parse(document)
            problems += misfits
            if model is not None:
                models[section][name] = model
                problems += _name_problems(document, model)
    catalog = Catalog(
        modes={name: m for name, m in models["modes"].items() if isinstance(m, ModeConfig)},
        venues={name: m for name, m in models["venues"].items() if isinstance(m, VenueConfig)},
        share_classes={name: m for name, m in models["share_classes"].items() if isinstance(m, ShareClassConfig)},
        venue_names=documents.names("venues"),
        share_class_names=documents.names("share_classes"),
    )
    for name, venue in catalog.venues.items():
        found = [finding for rule in venue_rules.RULES for finding in rule(venue)]
        problems += _problems(documents.by_section["venues"][name], found)
    for name, mode in catalog.modes.items():
        problems += mode_problems(documents.by_section["modes"][name], mode, catalog)
    return Validated(documents, catalog, tuple(problems))


def configuration_problems(configs_dir: Path, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every problem of a configuration folder, without raising; empty when all is well."""
    return validate(configs_dir, environ).problems


def mode_problems(document: Document, mode: ModeConfig, catalog: Catalog) -> list[Problem]:
    """Levels 2 to 5 for one mode."""
    return _problems(document, [finding for rule in MODE_RULES for finding in rule(mode, catalog)])


def _problems(document: Document, findings: list[Finding]) -> list[Problem]:
    return [Problem(f.code, document.where(f.key), f.key, f.value, f.expected) for f in findings]


def _name_problems(document: Document, model: BaseModel) -> Iterator[Problem]:
    field = NAME_FIELDS[document.section]
    if getattr(model, field) != document.name:
        yield Problem(
            "CFG-004", document.where(field), field, getattr(model, field), f"{document.name}, the name of the file"
        )
