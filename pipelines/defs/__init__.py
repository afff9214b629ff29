"""Dagster's view of the pipeline, by domain.  Thin: an asset body calls the library and reports what it did.

This package alone imports Dagster.  Modules with assets do not postpone annotations, because Dagster reads
the types themselves.
"""

import warnings

import dagster as dg

# Checks partitioned by mode are what we want; Dagster calls the argument a preview. Nothing else is silenced.
warnings.filterwarnings("ignore", category=dg.PreviewWarning, message=".*partitions_def on an AssetCheckSpec.*")

from pipelines.defs.load import load_definitions  # noqa: E402 - the filter must stand first

__all__ = ["load_definitions"]
