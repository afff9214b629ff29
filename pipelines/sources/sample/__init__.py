"""A seeded synthetic market, written in the layout of the real raw files.

Every number is made up: no row is taken from a real file.
"""

from pipelines.sources.sample.generator import SampleManifest, generate_sample

__all__ = ["SampleManifest", "generate_sample"]
