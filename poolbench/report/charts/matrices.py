"""Small matrices as tiles with their numbers."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import Rectangle

from poolbench.report.chart import Matrices, Panel
from poolbench.report.charts.axes import number
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, shown

GAP = 0.55
HEADING = 0.75
LABEL_WIDTH = 18


def extent(chart: Matrices) -> tuple[float, float]:
    """Return width and height of the whole, in tiles, including gaps and headings."""
    widths = [sum(_columns(panel) + GAP for panel in row) for row in chart.rows]
    heights = [max(len(panel.values) for panel in row) + HEADING + GAP for row in chart.rows]
    return max(widths), sum(heights)


def draw(chart: Matrices, axes: Axes, canvas: Canvas) -> None:
    """Draw the rows of panels below one another; each row has its own colour scale."""
    axes.set_axis_off()
    axes.set_aspect("equal")
    width, height = extent(chart)
    axes.set(xlim=(0, width), ylim=(height, 0))
    top = 0.0
    for row in chart.rows:
        sizes = [abs(v) for panel in row for line in panel.values for v in line if math.isfinite(v)]
        left = GAP / 2
        for panel in row:
            _draw_panel(panel, axes, canvas, left, top + HEADING, max(sizes, default=1.0) or 1.0)
            left += _columns(panel) + GAP
        top += max(len(panel.values) for panel in row) + HEADING + GAP


def _draw_panel(
    panel: Panel, axes: Axes, canvas: Canvas, left: float, top: float, largest: float
) -> None:
    theme = canvas.theme
    # Light tints, so that the numbers stay readable: the colour only helps to find the large ones.
    tints = LinearSegmentedColormap.from_list("tints", ["#f3b48f", "#ffffff", "#9fcbe8"])
    colour = Normalize(vmin=-largest, vmax=largest)
    middle = left + _columns(panel) / 2
    axes.text(middle, top - 0.1, shown(panel.label, LABEL_WIDTH), ha="center", va="bottom")
    for i, line in enumerate(panel.values):
        for j, value in enumerate(line):
            face = tints(colour(value)) if math.isfinite(value) else theme.quiet
            axes.add_patch(
                Rectangle((left + j, top + i), 1, 1, facecolor=face, edgecolor=theme.quiet, lw=0.6)
            )
            text = number(float(f"{value:.3g}")) if math.isfinite(value) else str(value)
            axes.text(
                left + j + 0.5, top + i + 0.5, text, ha="center", va="center",
                fontsize=SMALL_PT + 0.5, color="#1a1a1a",
            )  # fmt: skip


def _columns(panel: Panel) -> int:
    return max(len(line) for line in panel.values)
