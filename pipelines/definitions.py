"""The code location: what `dagster dev`, `dg dev` and `dagster definitions validate` load."""

from pipelines.defs import load_definitions

defs = load_definitions()
