"""Materialise everything without the UI, in this process, visible in the UI afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from engine.errors import BasisError
from pipelines import progress
from pipelines.defs import load_definitions
from pipelines.defs.backtest import KEY, runnable_modes
from pipelines.defs.jobs import BACKTEST, LOAD, STEP
from pipelines.defs.market import RISK_PARAMETERS
from pipelines.project import PROJECT_ROOT

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster prints every event of an in-process run; here the terminal belongs to the progress display."""


@dataclass(frozen=True, slots=True)
class Materialised:
    """What became of one mode: the id of its published run, or why there is none."""

    mode: str
    run_id: str | None
    failure: str | None


def materialise(
    data_dir: Path, start: date, end: date, root: Path = PROJECT_ROOT, instance: dg.DagsterInstance | None = None
) -> list[Materialised]:
    """Load the folder, then run every mode the engine has; a mode that fails does not stop the others.

    ``instance``: that of DAGSTER_HOME when left out.  Errors: BT-001 when the market data cannot be loaded.
    """
    configs = PROJECT_ROOT / "configs"
    definitions = load_definitions(root, configs)
    data = {"data_dir": str(data_dir)}
    request = {**data, "start": start.isoformat(), "end": end.isoformat()}
    with nullcontext(instance) if instance else dg.DagsterInstance.get() as where:
        load = definitions.resolve_job_def(LOAD)
        takes_data = [node.name for node in load.nodes if node.name != RISK_PARAMETERS.to_python_identifier()]
        loaded = _execute(load, where, dict.fromkeys(takes_data, data))
        if not loaded.success:
            raise BasisError("BT-001", "the market data could not be loaded", found=_reasons(loaded))
        backtest = definitions.resolve_job_def(BACKTEST)
        done = []
        for mode in runnable_modes(configs):
            result = _execute(backtest, where, {KEY.to_python_identifier(): request}, mode)
            done.append(Materialised(mode, _run_id(result), None if result.success else _reasons(result)))
    return done


def _execute(
    job: dg.JobDefinition, instance: dg.DagsterInstance, config: dict[str, Any], mode: str | None = None
) -> dg.ExecuteInProcessResult:
    with _steps_shown(mode or "load market data", len(job.nodes)):
        return job.execute_in_process(
            instance=instance,
            run_config={"ops": {name: {"config": values} for name, values in config.items()}, **QUIET},
            partition_key=mode,
            raise_on_error=False,
        )


@contextmanager
def _steps_shown(label: str, steps: int) -> Iterator[None]:
    """Show finished steps of a job instead of the stages within them."""
    finished = 0
    show = progress.listener()

    def count(stage: str, done: float, _total: float) -> None:
        nonlocal finished
        if stage == STEP:
            finished += int(done)
            show(label, finished, steps)

    show(label, 0, steps)
    with progress.listening(count):
        yield


def _run_id(result: dg.ExecuteInProcessResult) -> str | None:
    made = [event for event in result.get_asset_materialization_events() if event.asset_key == KEY]
    return str(made[0].materialization.metadata["run_id"].value) if made else None


def _reasons(result: dg.ExecuteInProcessResult) -> str:
    """What the failed steps said: the refusal itself where it was one of ours."""
    texts = []
    for event in result.get_step_failure_events():
        data = event.step_failure_data
        refused = data.user_failure_data.description if data.user_failure_data else None
        texts.append(refused or (data.error.to_string() if data.error else f"step {event.step_key} failed"))
    return "\n".join(texts)
