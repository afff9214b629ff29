"""Cash flows of a request: what is accepted, and that every mistake is named at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine.config import CashFlowConfig, Configuration, load_configuration
from engine.errors import BasisError

START, END = date(2026, 2, 1), date(2026, 2, 3)


@pytest.fixture(scope="module")
def loaded(project_root: Path) -> Configuration:
    return load_configuration(project_root / "configs", {})


def test_flows_are_read_in_order_of_time_and_part_of_the_configuration(loaded: Configuration) -> None:
    cest = timezone(timedelta(hours=2))
    run = loaded.request(
        "pure_lending",
        START,
        END,
        cash_flows=[("2026-02-03T23:00Z", "-500"), (datetime(2026, 2, 1, 3, tzinfo=cest), 1000.0)],
        close_at_end=True,
    )
    assert run.cash_flows == (
        CashFlowConfig(at=datetime(2026, 2, 1, 1, tzinfo=UTC), amount=1000.0),
        CashFlowConfig(at=datetime(2026, 2, 3, 23, tzinfo=UTC), amount=-500.0),
    )
    assert run.close_at_end
    assert run.as_dict()["cash_flows"][0] == {"at": "2026-02-01T01:00:00Z", "amount": 1000.0}
    plain = loaded.request("pure_lending", START, END)
    assert plain.cash_flows == () and not plain.close_at_end
    assert plain.config_hash != run.config_hash


def test_every_mistake_is_named_at_once(loaded: Configuration) -> None:
    flows = [
        ("soon", 1.0),
        ("2026-02-02T00:00", 1.0),
        ("2026-02-02T00:30Z", 0.0),
        ("2026-02-01T00:00Z", 1.0),
        ("2026-02-04T00:00Z", "much"),
        ("2026-02-02T05:00Z", float("nan")),
    ]
    with pytest.raises(BasisError, match="CFG-007") as refusal:
        loaded.request("pure_lending", START, END, initial_capital=-1.0, cash_flows=flows)
    found = [(problem.key, problem.expected.split(":")[0].split(",")[0]) for problem in refusal.value.problems]
    number = "a number other than 0"
    assert found == [
        ("cash_flows[0].at", "a time in ISO 8601 with its zone"),
        ("cash_flows[1].at", "a time with its zone"),
        ("cash_flows[2].at", "an hour boundary in UTC"),
        ("cash_flows[2].amount", number),
        ("cash_flows[3].at", "an hour of the window after its first"),
        ("cash_flows[4].at", "an hour of the window after its first"),
        ("cash_flows[4].amount", number),
        ("cash_flows[5].amount", number),
        ("initial_capital", "a number above 0"),
    ]
