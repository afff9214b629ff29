"""Reading the YAML files of one configuration folder, and remembering where each value came from."""

from __future__ import annotations

import copy
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from engine.config.mode import ModeConfig
from engine.config.share_class import ShareClassConfig
from engine.config.venue import VenueConfig
from engine.errors import Problem

SECTIONS: Mapping[str, type[BaseModel]] = {
    "modes": ModeConfig,
    "venues": VenueConfig,
    "share_classes": ShareClassConfig,
}
# The field that must repeat the file's name.
NAME_FIELDS: Mapping[str, str] = {"modes": "mode", "venues": "venue", "share_classes": "share_class"}


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice and reads ``1e-9`` as the number it is."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is there twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


@dataclass(frozen=True)
class Document:
    """One YAML file as read, plus the overrides laid over it.

    ``path`` is relative to the parent of the configuration folder (``configs/modes/btc_basis.yaml``);
    ``origins`` says, for every overridden key, what overrode it.
    """

    section: str
    name: str
    path: str
    raw: Mapping[str, Any]
    origins: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def model(self) -> type[BaseModel]:
        return SECTIONS[self.section]

    def where(self, key: str) -> str:
        """The file, and what overrode the key (or a part of it) if anything did."""
        path = tuple(re.findall(r"[^.\[\]]+", key))
        for overridden, origin in self.origins.items():
            shared = min(len(path), len(overridden))
            if path[:shared] == overridden[:shared]:
                return f"{self.path} (overridden by {origin})"
        return self.path

    def with_value(self, path: Sequence[str], value: Any, origin: str) -> Document:
        """A copy with one value replaced; intermediate mappings are made where they are absent."""
        raw = copy.deepcopy(dict(self.raw))
        level = raw
        for key in path[:-1]:
            if not isinstance(level.get(key), dict):
                level[key] = {}
            level = level[key]
        level[path[-1]] = value
        return Document(self.section, self.name, self.path, raw, {**self.origins, tuple(path): origin})


@dataclass(frozen=True)
class Documents:
    """All files of a folder by section and name.  ``unreadable`` holds names whose file is there but broken."""

    by_section: Mapping[str, Mapping[str, Document]]
    unreadable: Mapping[str, frozenset[str]]
    problems: tuple[Problem, ...]

    def names(self, section: str) -> frozenset[str]:
        return frozenset(self.by_section[section]) | self.unreadable[section]


def read_documents(configs_dir: Path) -> Documents:
    """Read every ``*.yaml`` of every section; what cannot be read becomes a problem, never an exception."""
    by_section: dict[str, dict[str, Document]] = {}
    unreadable: dict[str, frozenset[str]] = {}
    problems: list[Problem] = []
    for section in SECTIONS:
        folder = configs_dir / section
        by_section[section], broken = {}, set()
        files = sorted(folder.glob("*.yaml"))
        if not files:
            problems.append(
                Problem(
                    "CFG-006",
                    _shown(folder, configs_dir),
                    "*.yaml",
                    "(none)",
                    f"at least one file in {folder.resolve()}",
                )
            )
        for file in files:
            raw = _read_mapping(file, _shown(file, configs_dir), problems)
            if raw is None:
                broken.add(file.stem)
            else:
                by_section[section][file.stem] = Document(section, file.stem, _shown(file, configs_dir), raw)
        unreadable[section] = frozenset(broken)
    return Documents(by_section, unreadable, tuple(problems))


def _shown(file: Path, configs_dir: Path) -> str:
    return f"{configs_dir.resolve().name}/{file.relative_to(configs_dir).as_posix()}"


def _read_mapping(file: Path, shown: str, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "(file)"
        problems.append(Problem("CFG-001", shown, place, error.problem, "valid YAML with every key once"))
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problems.append(Problem("CFG-001", shown, "(file)", str(error), "a readable UTF-8 YAML file"))
        return None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        problems.append(Problem("CFG-001", shown, "(file)", content, "a mapping of named fields"))
        return None
    return content
