"""Dagster's view of the pipeline, by domain.  Thin: an asset body calls the library and reports what it did.

This package alone imports Dagster.  Modules with assets do not postpone annotations, because Dagster reads
the types themselves.
"""

from pipelines.defs.load import load_definitions

__all__ = ["load_definitions"]
