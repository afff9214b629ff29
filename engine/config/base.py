"""The strict frozen base of every configuration model, and the types they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WrapSerializer

K = TypeVar("K")
V = TypeVar("V")


class StrictModel(BaseModel):
    """Unknown keys are refused, nothing is coerced (``"0.1"`` is no number), nothing can be assigned later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy that forgets what was worked out from the old values (cached properties)."""
        copied = super().model_copy(update=update, deep=deep)
        for name in set(copied.__dict__) - set(type(self).model_fields):
            del copied.__dict__[name]
        return copied


class FrozenMapping(Mapping[K, V], Generic[K, V]):
    """A read-only mapping that keeps its order and, unlike ``mappingproxy``, pickles and copies."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)


def _as_plain_dict(value: Mapping[Any, Any], handler: Any) -> Any:
    return handler(dict(value))


_FREEZE = AfterValidator(FrozenMapping)
_THAW = WrapSerializer(_as_plain_dict)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*$")]
Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+$")]
SeriesKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*:[A-Z0-9]+$")]
Pair = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+[_-][A-Za-z0-9]+$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
PositiveFraction = Annotated[float, Field(gt=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]

Shares = Annotated[Mapping[Name, Fraction], _FREEZE, _THAW]
NameByToken = Annotated[Mapping[Token, Name], _FREEZE, _THAW]

# YAML knows lists only: a list is taken as a tuple, its items stay strict.
Names = Annotated[tuple[Name, ...], Field(strict=False)]
Tokens = Annotated[tuple[Token, ...], Field(strict=False)]
Symbols = Annotated[tuple[Symbol, ...], Field(strict=False)]
SeriesKeys = Annotated[tuple[SeriesKey, ...], Field(strict=False)]
Pairs = Annotated[tuple[Pair, ...], Field(strict=False)]

FREEZE_MAPPING = (_FREEZE, _THAW)


class Thresholds(StrictModel):
    """A warning and a critical level; which of the two is the larger one depends on the metric."""

    warning: Positive
    critical: Positive
