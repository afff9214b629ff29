from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.sources.sample import SampleManifest, generate_sample
from pipelines.sources.sample.market import Market, simulate
from pipelines.sources.sample.window import SampleWindow

SEED = 42
WINDOW = SampleWindow(date(2026, 1, 1), 180)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleManifest:
    """The sample of the demo, written once."""
    return generate_sample(tmp_path_factory.mktemp("data") / "sample", SEED, WINDOW.start, WINDOW.days)


@pytest.fixture(scope="session")
def sample_root(sample: SampleManifest) -> Path:
    return sample.root


@pytest.fixture(scope="session")
def market() -> Market:
    """The market that sample was written from."""
    return simulate(WINDOW, SEED)
