"""Laying values over files: environment variables over YAML, a request's overrides over both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from engine.config.documents import SECTIONS, Document, Documents
from engine.config.schema import unknown_key_hint
from engine.config.shapes import from_text, is_container, is_model, type_at, unwrap
from engine.errors import Problem

PREFIX = "BASIS_"
SEPARATOR = "__"
# Credentials are nested by environment (BASIS_DEV__CEX__...); they are no overrides of a file.
CREDENTIAL_SECTIONS = ("dev", "staging", "production")
HIDDEN = "(hidden)"


def apply_environment(documents: Documents, environ: Mapping[str, str]) -> tuple[Documents, list[Problem]]:
    """``BASIS_MODES__BTC_BASIS__TARGET_APY=0.1`` over ``modes/btc_basis.yaml``.

    Names are matched without regard to case, values are read by the type the schema has at that key.
    A variable that names no known section, file or key is a problem, and changes nothing; its text is not
    shown, for it may be a credential under a mistyped name.
    """
    sections = {section: dict(files) for section, files in documents.by_section.items()}
    problems: list[Problem] = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or SEPARATOR not in variable:
            continue
        section, *path = variable.removeprefix(PREFIX).lower().split(SEPARATOR)
        if section in CREDENTIAL_SECTIONS:
            continue
        problem = _apply_variable(sections, documents, variable, environ[variable], section, path)
        if problem is not None:
            problems.append(problem)
    return Documents(sections, documents.unreadable, documents.problems), problems


def _apply_variable(
    sections: dict[str, dict[str, Document]],
    documents: Documents,
    variable: str,
    text: str,
    section: str,
    path: list[str],
) -> Problem | None:
    where = f"environment variable {variable}"
    if section not in SECTIONS:
        valid = ", ".join(name.upper() for name in (*SECTIONS, *CREDENTIAL_SECTIONS))
        return Problem("CFG-005", where, section.upper(), HIDDEN, f"{PREFIX}<section>{SEPARATOR}… with one of {valid}")
    if len(path) < 2 or not all(path):
        return Problem("CFG-005", where, variable, HIDDEN, f"{PREFIX}{section.upper()}__<NAME>__<KEY>")
    name, *keys = path
    if name in documents.unreadable[section]:
        return None
    if name not in sections[section]:
        return Problem(
            "CFG-006",
            where,
            f"{section}.{name}",
            HIDDEN,
            f"one of the files in {section}/: {', '.join(sorted(documents.names(section)))}",
        )
    document = sections[section][name]
    resolved = _resolve(document, keys)
    if isinstance(resolved, str):
        return Problem("CFG-001", where, f"{name}.{'.'.join(keys)}", HIDDEN, resolved)
    value = from_text(type_at(document.model, resolved), text)
    sections[section][name] = document.with_value(resolved, value, variable)
    return None


def _resolve(document: Document, keys: Sequence[str]) -> tuple[str, ...] | str:
    """The path of keys as the schema or the file spells them, or the expectation that is not met."""
    path: tuple[str, ...] = ()
    raw: Any = document.raw
    for key in keys:
        annotation = type_at(document.model, path)
        bare = unwrap(annotation)
        if is_model(bare):
            choices: Sequence[str] = tuple(bare.model_fields)
        elif is_container(annotation) and isinstance(raw, dict):
            choices = tuple(raw)
        else:
            return f"no key below {'.'.join(path)}: give the whole value"
        spelled = next((choice for choice in choices if choice.lower() == key.lower()), None)
        if spelled is None:
            if not is_model(bare):
                return f"one of: {', '.join(choices)}; or give {'.'.join(path)} whole"
            return "no unknown key; " + unknown_key_hint(document.model, path, key)
        path = (*path, spelled)
        raw = raw.get(spelled) if isinstance(raw, dict) else None
    return path


def apply_overrides(document: Document, overrides: Mapping[str, Any]) -> tuple[Document, list[Problem]]:
    """A request's overrides (nested mappings or dotted keys) over one document.

    Text given for a field that is not text is read by that field's type, as for the environment.
    A key whose schema is a free mapping (``allocation``) may be given whole or key by key.
    """
    problems: list[Problem] = []
    for path, given in _leaves(overrides, document.model):
        key = ".".join(path)
        annotation = type_at(document.model, path)
        if annotation is None:
            known = next(n for n in range(len(path), -1, -1) if type_at(document.model, path[:n]) is not None)
            problems.append(
                Problem(
                    "CFG-007",
                    f"override {key}",
                    key,
                    given,
                    "no unknown key; " + unknown_key_hint(document.model, path[:known], path[known]),
                )
            )
            continue
        value = from_text(annotation, given) if isinstance(given, str) else given
        document = document.with_value(path, value, f"the request's {key}")
    return document, problems


def _leaves(
    overrides: Mapping[str, Any], model: type[BaseModel], prefix: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in overrides.items():
        path = (*prefix, *str(key).split("."))
        bare = unwrap(type_at(model, path))
        if isinstance(value, Mapping) and (is_model(bare) or bare is None):
            yield from _leaves(value, model, path)
        else:
            yield path, dict(value) if isinstance(value, Mapping) else value
