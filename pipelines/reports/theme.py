"""Names, colours and axes shared by all charts: light, calm, readable in print and without colour vision."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import plotly.graph_objects as go

INK, MUTED, GRID, WARNING, CRITICAL = "#1b2733", "#5a6877", "#e3e8ed", "#b26a00", "#b3261e"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

COMPONENTS: Mapping[str, tuple[str, str]] = {
    "supply_yield": ("Lending yield", "#1f6f8b"),
    "staking_yield_oracle": ("Staking yield", "#2f855a"),
    "staking_yield_rewards": ("Staking rewards", "#7fb069"),
    "funding_pnl": ("Funding", "#3d5a98"),
    "basis_pnl": ("Basis (perp against spot)", "#8e6bbf"),
    "delta_pnl": ("Price moves (delta)", "#c58b2a"),
    "dust_pnl": ("Reward tokens held", "#a3a847"),
    "borrow_costs": ("Borrow interest", "#a0522d"),
    "gas": ("Gas", "#7a7f87"),
    "trading_fees": ("Trading fees", "#c2452d"),
    "slippage": ("Slippage", "#e39b8b"),
    "flash_loan_fee": ("Flash-loan fee", "#6d4c41"),
    "liquidation_pnl": ("Liquidations", "#7f1d1d"),
}
COST_COMPONENTS = ("gas", "trading_fees", "slippage", "flash_loan_fee", "borrow_costs", "liquidation_pnl")
"""What is paid away.  Borrow interest is a cost of carry; it is drawn with the costs and named."""
_SERIES = ("#3d5a98", "#c2752d", "#2f855a", "#8e6bbf", "#1f6f8b", "#a0522d")


def component_label(component: str) -> str:
    return COMPONENTS[component][0] if component in COMPONENTS else component.replace("_", " ")


def component_colour(component: str) -> str:
    return COMPONENTS[component][1] if component in COMPONENTS else MUTED


def series_colours(names: list[str]) -> dict[str, str]:
    """One colour for each name, the same in every chart that shows the same sorted names."""
    return dict(zip(sorted(names), cycle(_SERIES), strict=False))


def with_alpha(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def time_axis(**more: Any) -> dict[str, Any]:
    return {
        "type": "date",
        "title": {"text": "UTC", "standoff": 4},
        "hoverformat": "%d %b %Y %H:%M UTC",
        "tickformatstops": [
            {"dtickrange": [None, 86_400_000 - 1], "value": "%H:%M\n%d %b %Y"},
            {"dtickrange": [86_400_000, "M1"], "value": "%d %b\n%Y"},
            {"dtickrange": ["M1", "M12"], "value": "%b\n%Y"},
            {"dtickrange": ["M12", None], "value": "%Y"},
        ],
        **more,
    }


def base_layout(height: int) -> dict[str, Any]:
    """Layout of every chart.  Legends are HTML beside the chart: they wrap on a phone and never cover data."""
    axis = {
        "gridcolor": GRID, "zerolinecolor": "#b8c2cc", "linecolor": "#b8c2cc", "automargin": True,
        "tickfont": {"size": 12, "color": MUTED}, "title": {"font": {"size": 12, "color": MUTED}, "standoff": 8},
    }  # fmt: skip
    return {
        "template": go.layout.Template(layout={"xaxis": axis, "yaxis": axis}),
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 14, "b": 8},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "font": {"family": FONT, "size": 12, "color": INK},
        "hovermode": "x unified",
        "hoverlabel": {"font": {"size": 12}, "bgcolor": "rgba(255,255,255,0.95)", "bordercolor": GRID},
        "showlegend": False,
        "separators": ".,",
    }
