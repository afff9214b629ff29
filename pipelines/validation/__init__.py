"""Validation of raw datasets.  ``validate_dataset`` answers with rows and findings and writes nothing."""

from pipelines.validation.records import Check, DatasetLoad, Gap, Quarantined
from pipelines.validation.validate import content_hash, load_id, validate_dataset

__all__ = ["Check", "DatasetLoad", "Gap", "Quarantined", "content_hash", "load_id", "validate_dataset"]
