"""A request's overrides win over the environment, the environment over YAML; wrong ones are refused with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.config import Configuration, configuration_problems, load_configuration
from engine.errors import BasisError

CONFIGS = Path(__file__).parents[3] / "configs"
START, END = date(2025, 1, 1), date(2025, 1, 31)


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return load_configuration(CONFIGS)


def refusal(configuration: Configuration, *args: Any, **kwargs: Any) -> dict[str, str]:
    with pytest.raises(BasisError) as error:
        configuration.request(*args, **kwargs)
    return {problem.key: problem.line() for problem in error.value.problems}


def test_request_over_environment_over_yaml() -> None:
    environ = {"BASIS_MODES__BTC_BASIS__TARGET_APY": "0.1"}
    assert load_configuration(CONFIGS, {}).modes["btc_basis"].target_apy == 0.06
    configuration = load_configuration(CONFIGS, environ)
    assert configuration.modes["btc_basis"].target_apy == 0.1
    assert configuration.request("btc_basis", START, END).mode.target_apy == 0.1
    run = configuration.request("btc_basis", START, END, overrides={"target_apy": 0.2})
    assert run.mode.target_apy == 0.2
    assert configuration.modes["btc_basis"].target_apy == 0.1


@pytest.mark.parametrize(
    ("variable", "text", "read"),
    [
        ("BASIS_MODES__BTC_BASIS__TARGET_APY", "1e-2", lambda c: c.modes["btc_basis"].target_apy == 0.01),
        ("BASIS_MODES__BTC_BASIS__DESCRIPTION", "123", lambda c: c.modes["btc_basis"].description == "123"),
        ("BASIS_MODES__BTC_BASIS__LIMITS__MAX_SECONDS", "60", lambda c: c.modes["btc_basis"].limits.max_seconds == 60),
        (
            "BASIS_MODES__BTC_BASIS__VENUES",
            "[okx, binance, bybit, alchemy]",
            lambda c: c.modes["btc_basis"].venues == ("okx", "binance", "bybit", "alchemy"),
        ),
        (
            "BASIS_MODES__BTC_BASIS__HEDGE_ALLOCATION",
            "{binance: 0.2, bybit: 0.4, okx: 0.4}",
            lambda c: c.modes["btc_basis"].hedge_allocation["okx"] == 0.4,
        ),
        (
            "BASIS_MODES__BTC_BASIS__HEDGE_ALLOCATION__OKX",
            "0.3",
            lambda c: c.modes["btc_basis"].hedge_allocation["okx"] == 0.3,
        ),
        (
            "BASIS_VENUES__OKX__MARGIN_THRESHOLDS__WARNING",
            "0.3",
            lambda c: c.venues["okx"].margin_thresholds.warning == 0.3,
        ),
        (
            "BASIS_SHARE_CLASSES__USDT_STABLE__DESCRIPTION",
            "Dollars.",
            lambda c: c.share_classes["usdt_stable"].description == "Dollars.",
        ),
    ],
)
def test_environment_values_are_typed_by_the_schema(variable: str, text: str, read: Any) -> None:
    assert read(load_configuration(CONFIGS, {variable: text}))


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("BASIS_MODES__NOPE__TARGET_APY", "one of the files in modes/: btc_basis"),
        ("BASIS_MODES__BTC_BASIS__TARGT_APY", "did you mean 'target_apy'?"),
        ("BASIS_MODES__BTC_BASIS__LIMITS__MAX_SECOND", "did you mean 'max_seconds'?"),
        ("BASIS_MODES__BTC_BASIS__HEDGE_ALLOCATION__KRAKEN", "one of: binance, bybit, okx"),
        ("BASIS_MODES__BTC_BASIS__TARGET_APY__MORE", "no key below target_apy"),
        ("BASIS_VENUES__OKX__PARAMETERS__0", "no key below parameters: give the whole value"),
        ("BASIS_MODE__BTC_BASIS__TARGET_APY", "with one of MODES, VENUES, SHARE_CLASSES"),
        ("BASIS_MODES__BTC_BASIS", "BASIS_MODES__<NAME>__<KEY>"),
    ],
)
def test_environment_variables_that_name_nothing(variable: str, expected: str) -> None:
    (problem,) = configuration_problems(CONFIGS, {variable: "s3cret"})
    assert problem.where == f"environment variable {variable}"
    assert expected in problem.expected
    assert "s3cret" not in problem.line()


def test_a_wrong_environment_value_names_the_variable() -> None:
    variables = {"BASIS_MODES__BTC_BASIS__TARGET_APY": "lots", "BASIS_MODES__ETH_BASIS__VENUES": "[a"}
    lines = "\n".join(problem.line() for problem in configuration_problems(CONFIGS, variables))
    for variable in variables:
        assert f"(overridden by {variable})" in lines
    assert "target_apy = 'lots'; expected a valid number" in lines


def test_other_variables_are_left_alone() -> None:
    environ = {"BASIS_DATA_DIR": "x", "BASIS_DEV__CEX__BINANCE_API_KEY": "k", "HOME__X": "y"}
    assert configuration_problems(CONFIGS, environ) == ()


@pytest.mark.parametrize(
    "overrides",
    [
        {"limits": {"max_seconds": 60}, "allocation": {"spot": 0.6, "margin": 0.4}},
        {"limits.max_seconds": 60, "allocation.spot": 0.6, "allocation.margin": 0.4},
        {"limits.max_seconds": "60", "allocation": "{spot: 0.6, margin: 0.4}"},
    ],
)
def test_overrides_nested_dotted_and_as_text(configuration: Configuration, overrides: Mapping[str, Any]) -> None:
    mode = configuration.request("btc_basis", START, END, overrides=overrides).mode
    assert mode.limits.max_seconds == 60
    assert mode.limits.max_memory_mb == configuration.modes["btc_basis"].limits.max_memory_mb
    assert dict(mode.allocation) == {"spot": 0.6, "margin": 0.4}


def test_capital(configuration: Configuration) -> None:
    run = configuration.request("btc_basis", START, END, 50_000)
    assert run.initial_capital == run.mode.initial_capital == 50_000.0
    assert configuration.request("btc_basis", START, END).initial_capital == 100_000.0
    assert configuration.request("btc_basis", START, END, overrides={"initial_capital": 7.0}).initial_capital == 7.0


@pytest.mark.parametrize("capital", [0, -5.0, float("nan"), float("inf"), "100", True])
def test_wrong_capital(configuration: Configuration, capital: Any) -> None:
    refused = refusal(configuration, "btc_basis", START, END, capital)
    assert "expected a number above 0" in refused["initial_capital"]


def test_capital_given_twice(configuration: Configuration) -> None:
    refused = refusal(configuration, "btc_basis", START, END, 5.0, {"initial_capital": 6.0})
    assert "the capital once" in refused["overrides.initial_capital"]


def test_every_reason_of_a_refusal_at_once(configuration: Configuration) -> None:
    refused = refusal(
        configuration,
        "btc_basis",
        END,
        START,
        -1.0,
        {"allocation.spot": 0.8, "targt_apy": 0.1, "limits": {"max_second": 1}, "mode": "eth_basis"},
        share_class="eth_directional",
    )
    assert set(refused) == {
        "end",
        "initial_capital",
        "allocation",
        "targt_apy",
        "limits.max_second",
        "overrides.mode",
        "share_class",
    }
    assert "on or after start = 2025-01-31" in refused["end"]
    assert "usdt_stable, that of mode btc_basis" in refused["share_class"]
    assert "(overridden by the request's allocation.spot)" in refused["allocation"]


def test_an_override_below_a_scalar(configuration: Configuration) -> None:
    assert "no key below" in refusal(configuration, "btc_basis", START, END, None, {"asset.x": 1})["asset.x"]


def test_an_override_of_the_wrong_type(configuration: Configuration) -> None:
    refused = refusal(configuration, "btc_basis", START, END, None, {"target_apy": "lots"})
    assert "target_apy = 'lots'; expected a valid number" in refused["target_apy"]


def test_overrides_meet_every_level(configuration: Configuration) -> None:
    refused = refusal(
        configuration,
        "btc_basis",
        START,
        END,
        None,
        {"share_class": "eth_directional", "lst_type": "weeth", "price_venue": {"BTC": "binance", "ETH": "lido"}},
    )
    assert {"hedge_allocation", "asset", "lst_type", "price_venue.ETH"} <= set(refused)


def test_unknown_mode_lists_the_valid_ones(configuration: Configuration) -> None:
    with pytest.raises(BasisError, match="there is no mode 'btc_carry'") as error:
        configuration.request("btc_carry", START, END)
    assert error.value.code == "CFG-006"
    assert "btc_basis, eth_basis, eth_leveraged" in str(error.value)


@pytest.mark.parametrize("wrong", ["2025-01-01", None, datetime(2025, 1, 1)])  # noqa: DTZ001
def test_a_window_of_whole_days(configuration: Configuration, wrong: Any) -> None:
    assert "a date (YYYY-MM-DD)" in refusal(configuration, "btc_basis", wrong, END)["start"]


def test_a_window_before_the_parameters_are_known(configuration: Configuration) -> None:
    refused = refusal(configuration, "eth_leveraged", date(2024, 3, 19), END)
    assert "on or after 2024-03-20" in refused["start"]


def test_leverage_is_measured_by_the_e_mode_of_the_window(configuration: Configuration) -> None:
    wsteth = {
        "lst_type": "wsteth",
        "venues": ["lido", "aave_v3", "morpho", "alchemy"],
        "target_ltv": 0.905,
        "ltv_thresholds": {"warning": 0.91, "critical": 0.925},
        "data_requirements": {
            "aave_reserves": ["wstETH", "WETH"],
            "lst_rates": ["wstETH"],
            "execution_costs": ["ETH_wstETH"],
        },
    }
    configuration.request("eth_leveraged", date(2024, 2, 1), END, overrides=wsteth)
    refused = refusal(configuration, "eth_leveraged", date(2024, 1, 10), END, None, wsteth)
    assert "below 0.9, the largest LTV" in refused["target_ltv"]
