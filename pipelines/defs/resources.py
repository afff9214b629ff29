"""What asset bodies get from outside: the project, and the run configuration of ad-hoc requests."""

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from pipelines.project import Project, sweep


class ProjectResource(dg.ConfigurableResource):
    """The project, opened once a run in the process of that run, so that settings are those of that process."""

    root: str
    configs_dir: str
    _project: Project = PrivateAttr()

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        self._project = Project.open(Path(self.root), Path(self.configs_dir))
        sweep(self._project.lake)

    def open(self) -> Project:
        return self._project


class DataConfig(dg.Config):
    """Which data folder to work on."""

    data_dir: str | None = Field(default=None, description="data folder; BASIS_DATA_DIR when left out")


class CashFlow(dg.Config):
    """A deposit or a withdrawal of a run."""

    at: str = Field(description="hour, ISO 8601 with its zone, e.g. 2026-02-01T00:00Z")
    amount: float = Field(description="in the share class's currency: a deposit above 0, a withdrawal below")


class BacktestConfig(DataConfig):
    """An ad-hoc request: whatever is left out comes from the mode's file and the environment."""

    start: str | None = Field(default=None, description="first day, YYYY-MM-DD; BASIS_DATA_START_DATE when left out")
    end: str | None = Field(default=None, description="last day, included; BASIS_DATA_END_DATE when left out")
    initial_capital: float | None = Field(default=None, description="in the share class's currency")
    overrides: dict[str, Any] = Field(default_factory=dict, description="keys of the mode, dotted")
    allow_proxies: bool = Field(default=True, description="whether declared proxies may stand in for missing rows")
    cash_flows: list[CashFlow] = Field(default_factory=list, description="deposits and withdrawals by schedule")
    close_at_end: bool = Field(default=False, description="leave every position at the last hour")
