"""Loading a configuration folder once, and taking the slice of one run from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from engine.config.base import FrozenMapping
from engine.config.cash_flows import RequestedFlow, read_cash_flows
from engine.config.documents import Document
from engine.config.following import follow
from engine.config.mode import ModeConfig
from engine.config.overrides import apply_overrides
from engine.config.rules import Catalog
from engine.config.run import RunConfig
from engine.config.schema import parse
from engine.config.share_class import ShareClassConfig
from engine.config.validation import mode_problems, validate
from engine.config.venue import VenueConfig
from engine.errors import BasisError, Problem


@dataclass(frozen=True)
class Configuration:
    """All modes, venues and share classes of one folder, validated and immutable."""

    config_dir: Path
    modes: Mapping[str, ModeConfig]
    venues: Mapping[str, VenueConfig]
    share_classes: Mapping[str, ShareClassConfig]
    _documents: Mapping[str, Document]
    _catalog: Catalog

    def request(
        self,
        mode: str,
        start: date,
        end: date,
        initial_capital: float | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        share_class: str | None = None,
        allow_proxies: bool = True,
        cash_flows: Iterable[RequestedFlow] = (),
        close_at_end: bool = False,
    ) -> RunConfig:
        """The validated slice of one run.

        Args:
            mode: name of a file in ``modes/``.
            start, end: first and last UTC day, both inclusive.
            initial_capital: in the share-class currency; None takes the mode's.
            overrides: fields of the mode, as nested mappings or dotted keys; text is read by the field's type.
                Data requirements, P&L components and risk metrics follow them unless they are given too.
            share_class: what the caller believes the mode's share class is; None does not check.
            allow_proxies: whether declared proxies may stand in for missing rows.
            cash_flows: deposits (> 0) and withdrawals (< 0) in the share-class currency, each with its hour.
            close_at_end: leave every position at the last hour.

        Raises:
            BasisError: CFG-006 for an unknown mode, otherwise every reason at once: the request's own
                (CFG-007) and those of the overridden mode at all levels.
        """
        if mode not in self.modes:
            raise BasisError(
                "CFG-006",
                f"there is no mode {mode!r}",
                expected="one of: " + ", ".join(sorted(self.modes)),
                looked_in=str(self.config_dir / "modes"),
            )
        problems = _window_problems(start, end)
        window = None if problems else (start, end)
        catalog = self._catalog if window is None else replace(self._catalog, window=window)
        flows, refused_flows = read_cash_flows(cash_flows, window)
        problems += refused_flows
        given: dict[str, Any] = dict(overrides or {})
        if initial_capital is not None:
            refused = _capital_problems(initial_capital, given)
            problems += refused
            given |= {} if refused else {"initial_capital": float(initial_capital)}
        if "mode" in given:
            problems.append(
                Problem(
                    "CFG-007",
                    "request",
                    "overrides.mode",
                    given.pop("mode"),
                    "no override of the mode's name; request the other mode itself",
                )
            )
        document, refused = apply_overrides(self._documents[mode], given)
        effective, misfits = parse(document)
        problems += [*refused, *misfits]
        if isinstance(effective, ModeConfig):
            effective = follow(effective, overrides or {})
            problems += mode_problems(document, effective, catalog)
            problems += _share_class_problems(share_class, effective)
        if problems or not isinstance(effective, ModeConfig):
            raise BasisError.from_problems(problems, f"the request for {mode} is refused")
        return RunConfig(
            mode=effective,
            venues={name: self.venues[name] for name in effective.venues},
            share_class=self.share_classes[effective.share_class],
            start=start,
            end=end,
            initial_capital=effective.initial_capital,
            allow_proxies=allow_proxies,
            cash_flows=flows,
            close_at_end=close_at_end,
        )


def load_configuration(configs_dir: Path, environ: Mapping[str, str] | None = None) -> Configuration:
    """Load and validate a folder with ``modes/``, ``venues/`` and ``share_classes/``.

    ``environ`` holds the variables laid over the files (``BASIS_MODES__BTC_BASIS__TARGET_APY``); None lays none.

    Raises:
        BasisError: with every problem of every file.
    """
    validated = validate(configs_dir, environ or {})
    if validated.problems:
        raise BasisError.from_problems(validated.problems, f"the configuration in {configs_dir} is not valid")
    catalog = validated.catalog
    return Configuration(
        config_dir=configs_dir,
        modes=FrozenMapping(catalog.modes),
        venues=FrozenMapping(catalog.venues),
        share_classes=FrozenMapping(catalog.share_classes),
        _documents=FrozenMapping(validated.documents.by_section["modes"]),
        _catalog=catalog,
    )


def _window_problems(start: object, end: object) -> list[Problem]:
    problems = [
        Problem("CFG-007", "request", key, value, "a date (YYYY-MM-DD), the whole UTC day")
        for key, value in (("start", start), ("end", end))
        if not isinstance(value, date) or isinstance(value, datetime)
    ]
    if not problems and isinstance(start, date) and isinstance(end, date) and end < start:
        problems.append(
            Problem("CFG-007", "request", "end", end.isoformat(), f"on or after start = {start.isoformat()}")
        )
    return problems


def _capital_problems(capital: object, overrides: Mapping[str, Any]) -> list[Problem]:
    if not isinstance(capital, int | float) or isinstance(capital, bool) or not isfinite(capital) or capital <= 0:
        return [Problem("CFG-007", "request", "initial_capital", capital, "a number above 0")]
    if "initial_capital" in overrides:
        return [
            Problem(
                "CFG-007",
                "request",
                "overrides.initial_capital",
                overrides["initial_capital"],
                "the capital once: as initial_capital or as an override",
            )
        ]
    return []


def _share_class_problems(share_class: str | None, mode: ModeConfig) -> list[Problem]:
    if share_class is None or share_class == mode.share_class:
        return []
    return [Problem("CFG-007", "request", "share_class", share_class, f"{mode.share_class}, that of mode {mode.mode}")]
