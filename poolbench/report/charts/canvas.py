"""What every drawing function receives besides its chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from matplotlib.artist import Artist

from poolbench.report.chart import Chart
from poolbench.report.charts.style import Look, Theme


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """The picture a chart is drawn in.

    Args:
        theme: Colours.
        looks: Look of every label in the picture.
        charts: All charts with the same ranges: the chart alone, or those of its grid.
        is_alone: Whether the picture has one chart, with room for text beside it.
        legend: Filled while drawing: a sample of the look for each label.
    """

    theme: Theme
    looks: Mapping[str, Look]
    charts: tuple[Chart, ...]
    is_alone: bool
    legend: dict[str, Artist] = field(default_factory=dict)
