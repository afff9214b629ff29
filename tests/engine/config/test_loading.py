"""Loading: every shipped file is valid, all problems come at once, values cannot change, hashes are stable."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.config import Configuration, RunConfig, configuration_problems, load_configuration
from engine.config.mode import STRATEGY_FAMILIES
from engine.errors import BasisError

CONFIGS = Path(__file__).parents[3] / "configs"
MODES = [
    "btc_basis",
    "eth_basis",
    "eth_leveraged",
    "eth_staking_only",
    "pure_lending",
    "usdt_market_neutral",
    "usdt_market_neutral_no_leverage",
]
START, END = date(2024, 5, 12), date(2025, 9, 18)


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return load_configuration(CONFIGS)


def test_the_shipped_files_are_valid(configuration: Configuration) -> None:
    assert configuration_problems(CONFIGS, {}) == ()
    assert sorted(configuration.modes) == MODES
    assert sorted(configuration.venues) == [
        "aave_v3",
        "alchemy",
        "binance",
        "bybit",
        "etherfi",
        "lido",
        "morpho",
        "okx",
    ]
    assert sorted(configuration.share_classes) == ["eth_directional", "usdt_stable"]
    assert {mode.strategy for mode in configuration.modes.values()} == set(STRATEGY_FAMILIES)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_can_be_requested(configuration: Configuration, mode: str) -> None:
    run = configuration.request(mode, START, END)
    assert set(run.venues) == set(run.mode.venues)
    assert run.share_class.share_class == run.mode.share_class
    assert json.loads(json.dumps(run.as_dict())) == run.as_dict()


def test_all_problems_of_all_files_come_in_one_error(configs_dir: Path, edit: Callable[..., None]) -> None:
    (configs_dir / "modes" / "pure_lending.yaml").write_text("mode: [pure_lending\n")
    edit("modes/eth_basis.yaml", {"initial_capital": "many"})
    edit("modes/btc_basis.yaml", {"allocation/spot": 0.9})
    edit("venues/okx.yaml", {"margin_thresholds/critical": 0.3})
    edit("share_classes/usdt_stable.yaml", {"colour": "blue"})
    with pytest.raises(BasisError) as error:
        load_configuration(configs_dir, {"BASIS_MODES__NOPE__TARGET_APY": "0.1"})
    named = {(problem.code, problem.where, problem.key) for problem in error.value.problems}
    assert {
        ("CFG-001", "configs/modes/pure_lending.yaml", "line 2, column 1"),
        ("CFG-001", "configs/modes/eth_basis.yaml", "initial_capital"),
        ("CFG-002", "configs/modes/btc_basis.yaml", "allocation"),
        ("CFG-002", "configs/venues/okx.yaml", "margin_thresholds.critical"),
        ("CFG-001", "configs/share_classes/usdt_stable.yaml", "colour"),
        ("CFG-006", "environment variable BASIS_MODES__NOPE__TARGET_APY", "modes.nope"),
    } == named


def test_a_broken_venue_file_is_not_an_unknown_venue(configs_dir: Path) -> None:
    (configs_dir / "venues" / "okx.yaml").write_text("venue: {")
    assert {problem.where for problem in configuration_problems(configs_dir, {})} == {"configs/venues/okx.yaml"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b\n", "a mapping of named fields"),
        ("", "a mapping of named fields"),
        ("mode: a\nmode: b\n", "every key once"),
    ],
)
def test_files_that_are_no_mapping(configs_dir: Path, text: str, expected: str) -> None:
    (configs_dir / "modes" / "btc_basis.yaml").write_text(text)
    (problem,) = configuration_problems(configs_dir, {})
    assert expected in problem.expected


def test_a_file_that_is_not_text(configs_dir: Path) -> None:
    (configs_dir / "modes" / "btc_basis.yaml").write_bytes(b"\xff\xfe\x00mode")
    (problem,) = configuration_problems(configs_dir, {})
    assert (problem.where, problem.expected) == ("configs/modes/btc_basis.yaml", "a readable UTF-8 YAML file")


def test_an_empty_folder_says_where_it_looked(tmp_path: Path) -> None:
    problems = configuration_problems(tmp_path, {})
    assert [problem.code for problem in problems] == ["CFG-006"] * 3
    assert str(tmp_path / "modes") in problems[0].expected


def test_share_class_schema(configs_dir: Path, edit: Callable[..., None]) -> None:
    edit("share_classes/usdt_stable.yaml", {"hedging": "maybe", "share_class": "other"})
    keys = {problem.key for problem in configuration_problems(configs_dir, {})}
    assert keys == {"hedging"}


def test_numbers_in_scientific_notation(configs_dir: Path) -> None:
    file = configs_dir / "modes" / "btc_basis.yaml"
    file.write_text(file.read_text().replace("tolerance: 1.0e-9", "tolerance: 1e-9"))
    mode = load_configuration(configs_dir).modes["btc_basis"]
    assert mode.component_config.reconciliation.tolerance == 1e-9


def test_nothing_can_be_changed(configuration: Configuration) -> None:
    mode = configuration.modes["btc_basis"]
    with pytest.raises(ValidationError, match="frozen"):
        mode.target_apy = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        mode.allocation["spot"] = 1.0  # type: ignore[index]
    with pytest.raises(TypeError):
        configuration.modes["other"] = mode  # type: ignore[index]
    assert isinstance(mode.venues, tuple)


def test_runs_pickle_and_copy(configuration: Configuration) -> None:
    run = configuration.request("btc_basis", START, END)
    for twin in (pickle.loads(pickle.dumps(run)), copy.deepcopy(run)):  # noqa: S301 - our own bytes
        assert twin == run
        assert twin.config_hash == run.config_hash


def test_the_hash_depends_on_content_alone(configuration: Configuration) -> None:
    run = configuration.request("btc_basis", START, END)
    again = load_configuration(CONFIGS).request("btc_basis", START, END)
    assert run.config_hash == again.config_hash
    assert RunConfig.model_validate_json(json.dumps(run.as_dict())).config_hash == run.config_hash
    others = [
        configuration.request("btc_basis", START, date(2025, 9, 17)),
        configuration.request("btc_basis", START, END, 1.0e6),
        configuration.request("btc_basis", START, END, overrides={"target_apy": 0.07}),
        configuration.request("btc_basis", START, END, allow_proxies=False),
        configuration.request("eth_basis", START, END),
    ]
    assert len({run.config_hash, *(other.config_hash for other in others)}) == 1 + len(others)


def test_the_hash_is_the_same_in_another_process(configuration: Configuration) -> None:
    code = (
        "from datetime import date; from pathlib import Path; from engine.config import load_configuration;"
        f"print(load_configuration(Path({str(CONFIGS)!r})).request('btc_basis', date(2024, 5, 12),"
        "date(2025, 9, 18)).config_hash)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=CONFIGS.parent,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert other.stdout.strip() == configuration.request("btc_basis", START, END).config_hash
