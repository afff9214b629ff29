"""Market tables out of validated loads: declared proxies and fills, causal projections, provenance on every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from engine.config.venue import VenueConfig
from pipelines.market.events import build_events
from pipelines.market.lst import merged_by_lst
from pipelines.market.schema import MARKET_SCHEMAS, RISK_PARAMETERS_SCHEMA, MarketTable
from pipelines.market.series import build_series
from pipelines.market.source import EVENT_TABLES
from pipelines.sources.dataset import DatasetConfig
from pipelines.validation.records import DatasetLoad


def build_market_table(
    table: str,
    loads: Mapping[str, DatasetLoad],
    datasets: Mapping[str, DatasetConfig],
    allow_proxies: bool = True,
) -> MarketTable:
    """Every series of one market table, from the loads at hand.

    Datasets that feed the table but are not among ``loads`` are left out; those with problems deliver no
    row and hand their problems on.  ``allow_proxies=False`` leaves every hole unresolved.
    """
    feeding = [
        config for _, config in sorted(datasets.items()) if config.feeds.table == table and config.dataset in loads
    ]
    problems = [problem for config in feeding for problem in loads[config.dataset].problems]
    if table in EVENT_TABLES:
        built = [build_events(config, loads[config.dataset], allow_proxies) for config in feeding]
    else:
        built = [build_series(config, datasets, loads, allow_proxies) for config in feeding]
    gaps = [gap for series in built for gap in series.gaps]
    if table == "lst_rates":
        built = merged_by_lst(feeding, built)
    rows = pa.concat_tables([MARKET_SCHEMAS[table].empty_table(), *(series.rows for series in built)])
    return MarketTable(table, rows.combine_chunks(), gaps, problems)


def build_risk_parameters(venues: Iterable[VenueConfig]) -> pa.Table:
    """Rows of ``market.risk_parameters``: every dated parameter of the venue files."""
    rows = [row for venue in venues for row in venue.parameter_rows()]
    rows.sort(key=lambda row: (row.venue, row.key, row.effective_from))
    return pa.Table.from_pylist([row.model_dump() for row in rows], schema=RISK_PARAMETERS_SCHEMA)
