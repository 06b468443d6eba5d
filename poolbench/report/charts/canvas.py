"""What every drawing is handed besides its chart."""

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
        theme: Inks and ground.
        looks: Of every label of the picture.
        charts: All that have the same ranges: the chart alone, or those of its grid.
        is_alone: Whether the picture holds one chart, with room beside it for words.
        legend: Filled by the drawings: label to a sample of its look.
    """

    theme: Theme
    looks: Mapping[str, Look]
    charts: tuple[Chart, ...]
    is_alone: bool
    legend: dict[str, Artist] = field(default_factory=dict)
