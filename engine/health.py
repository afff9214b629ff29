"""Component health: built in dependency order; a failure marks everything that depends on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.errors import BasisError


class Status(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    NOT_STARTED = "not_started"


@dataclass(slots=True)
class Health:
    """State of one component: ``errors`` are recent error codes, newest last."""

    status: Status = Status.NOT_STARTED
    depends_on: tuple[str, ...] = ()
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A component to build: its name, what it needs, and how it is made from what was built before."""

    name: str
    needs: tuple[str, ...]
    build: Callable[[Mapping[str, Any]], Any]


class HealthBoard:
    """Health of every component of one run."""

    def __init__(self) -> None:
        self.components: dict[str, Health] = {}

    @property
    def overall(self) -> Status:
        states = {health.status for health in self.components.values()}
        for status in (Status.UNHEALTHY, Status.NOT_STARTED, Status.DEGRADED):
            if status in states:
                return status
        return Status.HEALTHY

    def fail(self, name: str, code: str) -> None:
        """Mark ``name`` unhealthy, and everything that depends on it, directly or not."""
        self.components[name].status = Status.UNHEALTHY
        self.components[name].errors.append(code)
        for other, health in self.components.items():
            if name in health.depends_on and health.status is not Status.UNHEALTHY:
                self.fail(other, code)

    def report(self) -> dict[str, dict[str, Any]]:
        return {
            name: {"status": health.status.value, "depends_on": list(health.depends_on), "errors": list(health.errors)}
            for name, health in self.components.items()
        }


def build_components(parts: Sequence[Part], board: HealthBoard) -> dict[str, Any]:
    """Build ``parts`` one at a time in the given order.

    Errors: COM-001 naming the component and those that cannot start without it; ``board`` shows both.
    """
    for part in parts:
        board.components[part.name] = Health(depends_on=part.needs)
    built: dict[str, Any] = {}
    for part in parts:
        try:
            built[part.name] = part.build(built)
        except BasisError as error:
            board.fail(part.name, error.code)
            error.context = {**error.context, "failed_component": part.name, "health": board.report()}
            raise
        except Exception as error:
            board.fail(part.name, "COM-001")
            unhealthy = [name for name, health in board.components.items() if health.status is Status.UNHEALTHY]
            raise BasisError(
                "COM-001",
                f"{part.name} could not be built: {error}",
                found=f"unhealthy: {', '.join(unhealthy)}",
                context={"failed_component": part.name, "health": board.report()},
            ) from error
        board.components[part.name].status = Status.HEALTHY
    return built
