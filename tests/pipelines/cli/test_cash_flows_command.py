"""`basis backtest --flow … --close-at-end`: deposits and withdrawals from the command line to the results."""

from __future__ import annotations

import pytest

from pipelines.cli import main
from pipelines.project import Project


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, project: Project) -> Project:
    """The command works on the test's project."""
    monkeypatch.setattr(Project, "open", classmethod(lambda *_: project))
    return project


def test_flows_reach_the_results_and_the_profit_leaves_them_out(here: Project, capsys) -> None:
    flows = ["--flow", "2026-01-10T00:00Z=+10000", "--flow", "2026-01-20T12:00Z=-5000"]
    window = ["--start", "2026-01-01", "--end", "2026-01-31"]
    assert main(["backtest", "pure_lending", *window, *flows, "--close-at-end"]) == 0, capsys.readouterr().err
    with here.lake.connect() as connection:
        moved = connection.execute(
            "SELECT strftime(ts, '%m-%d %H'), net_flows FROM results.hourly_pnl WHERE net_flows <> 0 ORDER BY ts"
        ).fetchall()
        [nav, profit] = connection.execute(
            "SELECT last(nav ORDER BY ts), last(cumulative_pnl ORDER BY ts) FROM results.hourly_pnl"
        ).fetchone()
        held = connection.execute(
            "SELECT position_key FROM results.balance_sheet WHERE value > 0"
            " AND ts = (SELECT max(ts) FROM results.balance_sheet)"
        ).fetchall()
    assert moved == [("01-10 00", 10_000.0), ("01-20 12", -5_000.0)]
    assert nav == pytest.approx(105_000.0 + profit, rel=1e-12)
    assert held == [("wallet:BaseToken:USDT",)], "everything was left at the end"


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        ("2026-01-10T00:00Z", "HOUR=AMOUNT"),
        ("2026-01-10T00:30Z=1", "an hour boundary"),
        ("2026-01-10T00:00Z=x", "CFG-007"),
    ],
)
def test_a_flow_that_cannot_be_is_refused(here: Project, capsys, flow: str, said: str) -> None:
    assert main(["backtest", "pure_lending", "--flow", flow]) == 2
    assert said in capsys.readouterr().err
