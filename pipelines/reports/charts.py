"""A chart as the pages show it: a Plotly figure, its words, and a legend made of HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io
from numpy.typing import NDArray

from pipelines.reports.run_tables import RunTables
from pipelines.reports.theme import base_layout

MILLISECONDS_PER_HOUR = 3_600_000


@dataclass(frozen=True)
class LegendItem:
    """One entry of the legend: what it stands for, its last value, and the traces a click shows or hides."""

    label: str
    colour: str
    traces: tuple[int, ...]
    value: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart with the words around it.  `key` is its element id in the page."""

    key: str
    title: str
    caption: str
    figure: go.Figure
    legend: tuple[LegendItem, ...] = ()

    @property
    def height(self) -> int:
        return int(self.figure.layout.height)

    @property
    def json(self) -> str:
        """The figure as JSON that may stand inside a script element."""
        return str(plotly.io.to_json(self.figure, validate=False)).replace("<", "\\u003c")


@dataclass(frozen=True)
class NotPart:
    """Said in place of a chart: the mode does not have this quantity."""

    key: str
    title: str
    reason: str


@dataclass
class Drawing:
    """Collects traces and legend entries of one chart, hourly values laid on the window's hours."""

    run: RunTables
    height: int
    figure: go.Figure = field(init=False)
    legend: list[LegendItem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.figure = go.Figure()
        self.figure.update_layout(**base_layout(self.height))

    def stacked(self, values: NDArray[np.float64], **style: Any) -> int:
        """Draw a line of a stack, shape (n,).  Where it is flat only the ends are kept: the same line, smaller."""
        flat = np.diff(values) == 0.0
        same = np.concatenate(([False], flat[:-1] & flat[1:], [False]))[: len(values)]
        if same.mean() < 0.7:
            return self.hourly(values, stackgaps="interpolate", **style)
        keep = ~same
        return self.add(self._points(keep, values, stackgaps="interpolate").update(**style))

    def hourly(self, values: NDArray[np.float64], **style: Any) -> int:
        """Draw one value for each hour, shape (n,).  Stored as 32-bit floats: seven digits, enough for a screen."""
        start = str(self.run.hours[0])
        trace = go.Scatter(x0=start, dx=MILLISECONDS_PER_HOUR, y=values.astype(np.float32), mode="lines")
        return self.add(trace.update(**style))

    def changes(self, values: NDArray[np.float64], **style: Any) -> int:
        """Draw a step line from the hours at which a value changes, and the last hour: nothing is lost."""
        keep = np.concatenate(([True], np.diff(values) != 0.0))
        keep[-1] = True
        return self.add(self._points(keep, values, line_shape="hv").update(**style))

    def add(self, trace: Any) -> int:
        self.figure.add_trace(trace)
        return len(self.figure.data) - 1

    def _points(self, keep: NDArray[np.bool_], values: NDArray[np.float64], **style: Any) -> Any:
        """A line through some of the window's hours, as milliseconds since 1970, which a date axis takes."""
        times = self.run.hours[keep].astype("datetime64[ms]").astype(np.float64)
        return go.Scatter(x=times, y=values[keep].astype(np.float32), mode="lines", **style)

    def note(self, label: str, colour: str, traces: Sequence[int], value: str = "") -> None:
        self.legend.append(LegendItem(label, colour, tuple(traces), value))

    def level(self, value: float, colour: str, text: str, log: bool = False) -> None:
        """A horizontal line with its name, written above the line at the right end; `log` for a logarithmic axis."""
        self.figure.add_shape(
            type="line", xref="paper", x0=0, x1=1, yref="y", y0=value, y1=value,
            line={"color": colour, "width": 1.2, "dash": "dash"}, layer="above",
        )  # fmt: skip
        at = math.log10(value) if log else value
        self.figure.add_annotation(
            text=text, xref="paper", x=1, xanchor="right", yref="y", y=at, yanchor="bottom", showarrow=False,
            font={"size": 11, "color": colour}, bgcolor="rgba(255,255,255,0.75)", borderpad=1,
        )  # fmt: skip

    def chart(self, key: str, title: str, caption: str) -> Chart:
        return Chart(key, title, caption, self.figure, tuple(self.legend))
