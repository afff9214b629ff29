"""Small made-up datasets: a declaration and the load its validation would have delivered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.errors import Problem
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.delivery import row_schema
from pipelines.validation.records import DatasetLoad, Quarantined

ConfigMaker = Callable[..., DatasetConfig]
LoadMaker = Callable[..., DatasetLoad]
_STANDS_FOR = {"spot_prices": "bar_open", "perp_prices": "bar_open", "funding_rates": "settlement"}


def _declared_columns(table: str, wanted: Sequence[str] | None) -> dict[str, Any]:
    numbers = {
        "spot_prices": ["open", "high", "low", "close", "volume"],
        "perp_prices": ["open", "high", "low", "close", "volume"],
        "funding_rates": ["rate"],
        "aave_reserves": ["liquidity_index", "variable_borrow_index", "supply_rate", "variable_borrow_rate"],
        "gas_prices": ["gas_price_gwei", "base_fee_gwei"],
        "lst_rates": ["oracle_rate"],
        "benchmark_rates": ["apy"],
        "execution_costs": ["size_usd", "cost_bps"],
        "reward_distributions": ["rate_per_eeth"],
    }[table]
    columns: dict[str, Any] = {name: {"from": name, "unit": "1"} for name in (wanted or numbers)}
    if table == "gas_prices":
        columns["block_ts"] = {"from": "block_timestamp", "unit": "s", "kind": "epoch_s"}
    if table == "execution_costs":
        columns["pair"] = {"from": "pair", "unit": "name", "kind": "text"}
    if table == "reward_distributions":
        columns |= {name: {"from": name, "unit": "date", "kind": "date"} for name in ("period_start", "period_end")}
        columns["data_quality"] = {"from": "data_quality", "unit": "name", "kind": "text"}
    return columns


@pytest.fixture
def make_config() -> ConfigMaker:
    """``make_config("okx_btc_perp", "perp_prices", {"venue": ..., "symbol": ...}, proxies=[...])``."""

    def make(
        dataset: str,
        table: str,
        identity: dict[str, str],
        *,
        cadence: str = "1h",
        proxies: Sequence[str] = (),
        gap: dict[str, Any] | None = None,
        columns: Sequence[str] | None = None,
        **more: Any,
    ) -> DatasetConfig:
        action = "proxy" if proxies else "error"
        policy = {"action": action, "absent_file": action, "reason": "made up"} | (gap or {})
        return DatasetConfig.model_validate(
            {
                "dataset": dataset,
                "description": "made up",
                "files": f"{dataset}_*.csv",
                "reader": "csv",
                "format": {"encoding": "utf-8"},
                "time": {
                    "column": "timestamp",
                    "formats": ["epoch_s"],
                    "stands_for": _STANDS_FOR.get(table, "instant"),
                    "grid": "1h",
                    "jitter_seconds": 0,
                },
                "cadence": cadence,
                "feeds": {"table": table, **identity},
                "columns": _declared_columns(table, columns),
                "rules": {},
                "gap_policy": policy,
                "proxies": list(proxies),
                **more,
            }
        )

    return make


@pytest.fixture
def make_load() -> LoadMaker:
    """``make_load(config, ts, rate=[...])``: columns not given repeat the first one given, or are null."""

    def make(
        config: DatasetConfig,
        ts: Sequence[int] | np.ndarray = (),
        *,
        problems: Sequence[Problem] = (),
        quarantined: Sequence[tuple[int, str, str]] = (),
        absent: bool = False,
        load_id: str | None = None,
        label: str = "csv",
        **values: Any,
    ) -> DatasetLoad:
        stamps = np.asarray(ts, dtype=np.int64)
        name = load_id or f"load-{config.dataset}"
        filler = next(iter(values.values()), [])
        columns = {}
        for field in row_schema(config):
            if field.name == config.table.time:
                columns[field.name] = pa.array(stamps * 1_000_000).cast(field.type)
            elif field.name in config.feeds.identity:
                columns[field.name] = pa.repeat(config.feeds.identity[field.name], len(stamps))
            elif field.name == "source":
                columns[field.name] = pa.repeat(f"{label}/{config.dataset}.csv", len(stamps))
            elif field.name == "source_row":
                columns[field.name] = pa.array(np.arange(2, len(stamps) + 2), pa.int64())
            elif pa.types.is_timestamp(field.type):
                columns[field.name] = pa.array(np.asarray(values[field.name]) * 1_000_000).cast(field.type)
            elif field.name in values or field.name in config.columns:
                given = values.get(field.name, filler)
                columns[field.name] = pa.array(given, field.type)
            else:
                columns[field.name] = pa.nulls(len(stamps), field.type)
        moments = [datetime.fromtimestamp(int(at), UTC) for at in (stamps[[0, -1]] if len(stamps) else [])]
        return DatasetLoad(
            dataset=config.dataset,
            load_id=name,
            data_root_id="csv-00000000",
            source=f"{label}/{config.dataset}.csv",
            synthetic=label != "csv",
            content_hash="0" * 64,
            rows=pa.table(columns),
            checks=[],
            gaps=[],
            quarantine=[
                Quarantined(
                    name,
                    config.dataset,
                    f"{config.dataset}.csv:{at}",
                    reason,
                    json.dumps({"timestamp": str(at), "v": raw}),
                )
                for at, reason, raw in quarantined
            ],
            problems=list(problems),
            first_ts=moments[0] if moments else None,
            last_ts=moments[-1] if moments else None,
            absent=absent,
        )

    return make
