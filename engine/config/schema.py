"""Level 1: one document against its model, with every misfit told in the file's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.config.documents import Document
from engine.config.shapes import allowed_keys
from engine.errors import Problem


class _Missing:
    """Stands for a value that is not there, so that a message does not show it as ``None`` or text."""

    def __repr__(self) -> str:
        return "(missing)"


MISSING = _Missing()


def parse(document: Document) -> tuple[BaseModel | None, list[Problem]]:
    """The model of a document, or None and the problems."""
    try:
        return document.model.model_validate(dict(document.raw)), []
    except ValidationError as error:
        return None, [_problem(document, detail) for detail in error.errors(include_url=False)]


def dotted(path: Sequence[str | int]) -> str:
    """``("parameters", 3, "value")`` as ``parameters[3].value``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def unknown_key_hint(model: type[BaseModel], path: Sequence[str | int], key: str) -> str:
    """What may stand at ``path`` in place of an unknown key, the likeliest spelling first."""
    allowed = allowed_keys(model, path)
    likely = get_close_matches(key, allowed, n=1)
    hint = f"did you mean {likely[0]!r}? " if likely else ""
    return f"{hint}one of: {', '.join(allowed)}" if allowed else "no key below this one"


def _problem(document: Document, detail: ErrorDetails) -> Problem:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    key = dotted(path)
    value: Any = MISSING if detail["type"] == "missing" else detail["input"]
    return Problem("CFG-001", document.where(key), key or "(file)", value, _expectation(document, path, detail))


def _expectation(document: Document, path: tuple[str | int, ...], detail: ErrorDetails) -> str:
    context: Mapping[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return "no unknown key; " + unknown_key_hint(document.model, path[:-1], str(path[-1]))
        case "missing":
            return "a value, the field is required"
        case "literal_error":
            return f"one of {context['expected']}"
        case "string_pattern_mismatch":
            return f"text of the form {context['pattern']}"
        case _:
            return _sentence(detail["msg"])


def _sentence(message: str) -> str:
    """Pydantic's ``Input should be greater than 0`` as the expectation ``greater than 0``."""
    return message.removeprefix("Input should be ").removeprefix("Value error, ")
