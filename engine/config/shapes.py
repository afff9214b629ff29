"""Walking the schema by dotted key: what type stands at a key, which keys are allowed there."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError


def unwrap(annotation: Any) -> Any:
    """The bare type: without ``Annotated`` and without ``| None``."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType) and type(None) in get_args(annotation):
            annotation = next(choice for choice in get_args(annotation) if choice is not type(None))
        else:
            return annotation


def is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def type_at(model: type[BaseModel], path: Sequence[str | int]) -> Any:
    """The annotation at a path of keys, or None where the schema ends before the path does."""
    annotation: Any = model
    for key in path:
        bare = unwrap(annotation)
        if is_model(bare):
            field = bare.model_fields.get(str(key))
            if field is None:
                return None
            annotation = field.rebuild_annotation()
        elif get_origin(bare) is Mapping:
            annotation = get_args(bare)[1]
        elif get_origin(bare) is tuple and isinstance(key, int):
            annotation = get_args(bare)[0]
        else:
            return None
    return annotation


def allowed_keys(model: type[BaseModel], path: Sequence[str | int]) -> tuple[str, ...]:
    """The keys of the model at ``path``; empty where any key or none is allowed."""
    bare = unwrap(type_at(model, path))
    return tuple(bare.model_fields) if is_model(bare) else ()


def is_container(annotation: Any) -> bool:
    bare = unwrap(annotation)
    return is_model(bare) or get_origin(bare) in (Mapping, tuple)


def from_text(annotation: Any, text: str) -> Any:
    """Text (an environment variable, a command line) as the schema's type; unreadable text is handed back as it is.

    Scalars are read by the type's own rules; lists and mappings are read as YAML.  What does not fit
    is left for the schema validation to refuse, with the place it came from.
    """
    if is_container(annotation):
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return text
    for reader in (annotation, int, float):  # a number out of bounds is still a number to the schema
        try:
            return TypeAdapter(reader).validate_strings(text)
        except ValidationError:
            continue
    return text
