"""The event log: everything that happened, in one global order, in columns.

Types are those of the SQL contract.  ``amount`` is signed from our side in units of ``token``;
``cost_total`` is the value lost in execution, in the share-class currency, positive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import orjson

from engine.errors import BasisError
from engine.ledger import Ledger
from engine.market import iso_hour
from engine.positions import PositionKey

EVENT_TYPES = frozenset({
    "capital_deposited", "deposit", "withdrawal", "transfer", "spot_trade", "perp_trade", "lend_supply",
    "lend_withdraw", "borrow", "repay", "stake", "unstake_requested", "unstake_claimed", "swap", "flash_borrow",
    "flash_repay", "gas_paid", "funding_settlement", "reward_received", "dust_sold", "liquidation", "decision",
    "risk_breach", "reconciliation", "bundle_started", "bundle_finished",
})  # fmt: skip

COLUMNS = (
    "seq", "ts", "event_type", "venue", "token", "amount", "price", "bundle_id", "leg", "status", "reason",
    "cost_total", "details_json",
)  # fmt: skip


class EventSink(Protocol):
    """Where events go while a run goes on, one JSON document a line."""

    def write(self, lines: Iterable[bytes]) -> None: ...


class EventLogger:
    """Appends events and posts their balance changes; the sequence number starts at 1."""

    def __init__(self, ledger: Ledger, sink: EventSink | None = None) -> None:
        self.ledger = ledger
        self.columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self._appenders = tuple(self.columns[name].append for name in COLUMNS)
        self._sink = sink
        self._flushed_events = 0
        self._flushed_postings = 0

    def __len__(self) -> int:
        return len(self.columns["seq"])

    def record(
        self,
        ts: int,
        event_type: str,
        venue: str,
        token: str | None = None,
        amount: float | None = None,
        price: float | None = None,
        *,
        postings: Iterable[tuple[PositionKey, float]] = (),
        entry: float | None = None,
        bundle_id: str | None = None,
        leg: int = 0,
        status: str = "done",
        reason: str | None = None,
        cost_total: float = 0.0,
        details: Mapping[str, Any] | None = None,
    ) -> int:
        """Append one event with its postings; returns its sequence number.

        ``entry`` is the new average entry of a perpetual among the postings.  Errors: EVT-001 for an
        unknown event type, and whatever the ledger refuses.
        """
        if event_type not in EVENT_TYPES:
            raise BasisError(
                "EVT-001", f"event type {event_type!r} is unknown", expected=", ".join(sorted(EVENT_TYPES))
            )
        seq = len(self) + 1
        for key, delta in postings:
            self.ledger.post(seq, leg, ts, key, delta, entry if key.type == "Perp" else None)
        row = (
            seq, ts, event_type, venue, token, amount, price, bundle_id, leg, status, reason, cost_total,
            orjson.dumps(details).decode() if details else None,
        )  # fmt: skip
        for append, value in zip(self._appenders, row, strict=True):
            append(value)
        return seq

    def flush(self) -> None:
        """Hand the events recorded since the last flush to the sink, each with its postings."""
        if self._sink is None or self._flushed_events == len(self):
            return
        self._sink.write(self._lines())
        self._flushed_events = len(self)
        self._flushed_postings = len(self.ledger.postings)

    def _lines(self) -> list[bytes]:
        postings = self.ledger.postings
        by_event: dict[int, list[dict[str, Any]]] = {}
        for row in range(self._flushed_postings, len(postings)):
            by_event.setdefault(postings.seq[row], []).append(
                {
                    "position_key": postings.position_key[row],
                    "delta": postings.delta[row],
                    "balance_after": postings.balance_after[row],
                }
            )
        lines = []
        for row in range(self._flushed_events, len(self)):
            event = {name: self.columns[name][row] for name in COLUMNS}
            event["ts"] = iso_hour(event["ts"])
            details = event.pop("details_json")
            event["details"] = orjson.loads(details) if details else None
            event["postings"] = by_event.get(event["seq"], [])
            lines.append(orjson.dumps(event))
        return lines
