"""How a raw dataset is declared: one strict model per YAML file in ``configs/datasets``.

A dataset file says which files hold the rows, how their stamps are written and what they stand for,
which market table they feed, which rules they must satisfy and what may be done about a hole.
Nothing is filled, proxied, dropped or accepted that such a file does not declare.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, Self

from pydantic import Field, model_validator

from pipelines.sources.dataset_rules import InvalidPeriod, ObservedOnly, RulesConfig, SelectRows, StrictModel
from pipelines.sources.tables import MARKET_TABLES, MarketTable

StampFormat = Literal["iso8601", "epoch_s", "epoch_ms", "date"]
Cadence = Literal["1h", "8h", "1d", "irregular"]
CADENCE_SECONDS: dict[str, int] = {"1h": 3600, "8h": 28800, "1d": 86400}


class FormatConfig(StrictModel):
    """How the text of a file is laid out.  Only LEADING lines that begin with ``comment_prefix`` are skipped."""

    encoding: Literal["utf-8"]
    comment_prefix: str | None = None


class SecondStamp(StrictModel):
    """Another column that writes the same instant; a row where the two differ is refused."""

    column: str
    formats: list[StampFormat] = Field(min_length=1)


class TimeConfig(StrictModel):
    """The time column.

    ``timezone: UTC`` declares that stamps without a zone are UTC; without it they are refused.
    Stamps within ``jitter_seconds`` of the ``grid`` are snapped to it and counted; others are refused.
    """

    column: str
    formats: list[StampFormat] = Field(min_length=1)
    stands_for: Literal["bar_open", "settlement", "snapshot", "label", "instant", "day", "payout", "valid_from"]
    grid: Literal["1h", "1d"]
    jitter_seconds: int = Field(ge=0, le=900)
    timezone: Literal["UTC"] | None = None
    agrees_with: SecondStamp | None = None


class Feeds(StrictModel):
    """The market table this dataset feeds and the identity of its series there."""

    table: Literal[
        "spot_prices", "perp_prices", "funding_rates", "aave_reserves", "lst_rates",
        "gas_prices", "reward_distributions", "execution_costs", "benchmark_rates",
    ]  # fmt: skip
    venue: str | None = None
    symbol: str | None = None
    asset: str | None = None
    lst: str | None = None
    token: str | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _identity_fits_table(self) -> Self:
        wanted = set(MARKET_TABLES[self.table].identity)
        given = {key for key in ("venue", "symbol", "asset", "lst", "token", "name") if getattr(self, key) is not None}
        if wanted != given:
            raise ValueError(f"table {self.table} is identified by {sorted(wanted)}, found {sorted(given)}")
        return self

    @property
    def identity(self) -> dict[str, str]:
        """Constant key columns of every row, e.g. ``{"venue": "okx", "symbol": "BTCUSDT"}``."""
        return {key: getattr(self, key) for key in MARKET_TABLES[self.table].identity}

    @property
    def series(self) -> str:
        """``okx:BTCUSDT``, ``USDT``, ``weETH`` …; the table's name where one series is all there is."""
        return ":".join(self.identity.values()) or self.table


class Ratio(StrictModel):
    """numerator / (sum of denominators), raw column names."""

    numerator: str
    denominators: list[str] = Field(min_length=1)


class ColumnConfig(StrictModel):
    """One canonical column: taken ``from`` a raw column, a ``ratio`` of raw columns, or a ``constant`` text.

    ``scale`` multiplies the raw number.  ``check_only`` columns serve the rules and are not delivered.
    """

    source: str | None = Field(default=None, alias="from")
    ratio: Ratio | None = None
    constant: str | None = None
    unit: str
    kind: Literal["number", "text", "epoch_s", "date"] = "number"
    scale: float | None = None
    check_only: bool = False
    nullable: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum(origin is not None for origin in (self.source, self.ratio, self.constant)) != 1:
            raise ValueError("needs exactly one of: from, ratio, constant")
        return self

    @property
    def raw_columns(self) -> list[str]:
        if self.ratio is not None:
            return [self.ratio.numerator, *self.ratio.denominators]
        return [self.source] if self.source is not None else []


class GapPolicy(StrictModel):
    """What may be done about missing hours: refuse, take a declared proxy, or repeat the last row.

    ``max_gap_hours`` bounds a single stretch; ``null`` means any length and needs a ``reason``.
    """

    action: Literal["error", "proxy", "forward_fill"]
    max_gap_hours: int | None = Field(default=None, gt=0)
    absent_file: Literal["error", "proxy"]
    reason: str | None = None

    @model_validator(mode="after")
    def _unbounded_needs_reason(self) -> Self:
        if self.action != "error" and self.max_gap_hours is None and not self.reason:
            raise ValueError("max_gap_hours: null fills holes of any length and needs a reason")
        return self


class SupplementSide(StrictModel):
    """A raw column of another file."""

    files: str
    column: str


class Supplement(StrictModel):
    """A second observed source for ``column``: numerator / denominator of two other files, stamp by stamp.

    It delivers the observations the first source lacks inside its span, and must agree with it to
    ``tolerance`` (relative) wherever both have one.
    """

    column: str
    numerator: SupplementSide
    denominator: SupplementSide
    time: TimeConfig
    tolerance: float = Field(gt=0)
    reason: str = Field(min_length=1)


class PairProxy(StrictModel):
    """Execution costs: ``pair`` is not in the table, the rows of ``proxy`` stand in for it, flagged."""

    pair: str
    proxy: str
    reason: str = Field(min_length=1)


class DatasetConfig(StrictModel):
    """One raw dataset."""

    dataset: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = Field(min_length=1)
    files: str = Field(min_length=1)
    reader: Literal["csv", "execution_costs_json"]
    format: FormatConfig
    time: TimeConfig
    cadence: Cadence
    feeds: Feeds
    columns: dict[str, ColumnConfig] = Field(min_length=1)
    rules: RulesConfig
    gap_policy: GapPolicy
    proxies: list[str] = Field(default_factory=list)
    invalid_periods: list[InvalidPeriod] = Field(default_factory=list)
    observed_only: ObservedOnly | None = None
    select_rows: SelectRows | None = None
    supplement: Supplement | None = None
    pair_proxies: list[PairProxy] = Field(default_factory=list)

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        mistakes: list[str] = []
        wants_proxy = self.gap_policy.action == "proxy" or self.gap_policy.absent_file == "proxy"
        if wants_proxy and not self.proxies:
            mistakes.append("gap_policy asks for a proxy but proxies is empty")
        if self.proxies and not wants_proxy:
            mistakes.append("proxies are listed but gap_policy uses none")
        delivered = {name for name, column in self.columns.items() if not column.check_only}
        known = {*self.table.values, *self.table.row_keys, *self.table.extras}
        if delivered - known:
            mistakes.append(f"columns {sorted(delivered - known)} are not in {self.feeds.table}: {sorted(known)}")
        unread = self.rules.columns_used() - set(self.columns)
        if unread:
            mistakes.append(f"rules name columns that are not declared: {sorted(unread)}")
        if self.pair_proxies and self.feeds.table != "execution_costs":
            mistakes.append("pair_proxies belong to execution_costs alone")
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    @property
    def table(self) -> MarketTable:
        return MARKET_TABLES[self.feeds.table]

    @property
    def cadence_seconds(self) -> int | None:
        """Seconds between observations; ``None`` where they come irregularly."""
        return CADENCE_SECONDS.get(self.cadence)

    @property
    def gap_labels(self) -> tuple[str, str]:
        """``venue`` and ``symbol`` of this series in ``quality.gaps``; the table stands in for a missing venue."""
        identity = self.feeds.identity
        venue = identity.pop("venue", self.feeds.table)
        return venue, ":".join(identity.values()) or self.dataset

    @property
    def config_hash(self) -> str:
        """sha256 of the whole declaration: a changed rule is a new load."""
        canonical = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
