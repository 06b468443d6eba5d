"""A function of two settings as a map with labelled contours.

A map is easier to read exactly than a surface in perspective, which hides parts of itself.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import LogLocator, MaxNLocator

from poolbench.report.chart import Surface
from poolbench.report.charts.axes import apply, number, settle
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, shown

# Its lightness is monotonic, so it works in grey and for colour-blind readers.
COLOURS = "cividis"
MOST_LEVELS = 9


def draw(chart: Surface, axes: Axes, canvas: Canvas) -> None:
    """Draw the map, its contours with their values, and the colour bar."""
    family = [other for other in canvas.charts if isinstance(other, Surface)]
    values = np.array([z for other in family for row in other.z_values for z in row], dtype=float)
    finite = values[np.isfinite(values)]
    apply(chart.x, "x", axes, chart.x_values, canvas.theme)
    apply(chart.y, "y", axes, chart.y_values, canvas.theme)
    axes.grid(visible=False)
    axes.set_facecolor(canvas.theme.quiet)  # where the function has no value
    z = np.ma.masked_invalid(np.array(chart.z_values, dtype=float))
    if len(finite):
        low, high = float(finite.min()), float(finite.max())
        is_log = chart.z.scale in ("log", "log2")
        norm = (LogNorm if is_log else Normalize)(vmin=low, vmax=high)
        mesh = axes.pcolormesh(
            chart.x_values, chart.y_values, z, shading="gouraud", cmap=COLOURS, norm=norm,
            rasterized=True,
        )  # fmt: skip
        locator = (
            _logarithmic(chart, low, high)
            if is_log
            else MaxNLocator(MOST_LEVELS, steps=[1, 2, 5, 10])
        )
        inside = [level for level in locator.tick_values(low, high) if low < level < high]
        shown_here = [level for level in inside if z.min() < level < z.max()]
        factor = 100 if chart.z.is_share else 1
        if shown_here:
            inks = ["#ffffff" if norm(level) < 0.6 else "#000000" for level in shown_here]
            lines = axes.contour(
                chart.x_values, chart.y_values, z, levels=shown_here, colors=inks, linewidths=0.9
            )
            axes.clabel(lines, fmt=lambda level: number(factor * level), fontsize=SMALL_PT)
        figure = axes.get_figure(root=False)
        assert figure is not None  # noqa: S101  (axes of a chart are in a figure)
        bar = figure.colorbar(mesh, ax=axes, label=shown(chart.z.label), pad=0.02)
        bar.set_ticks(inside, labels=[number(factor * level) for level in inside])
        bar.minorticks_off()
    settle(chart.x, "x", axes)
    settle(chart.y, "y", axes)


def _logarithmic(chart: Surface, low: float, high: float) -> LogLocator:
    if chart.z.scale == "log2":
        return LogLocator(base=2, numticks=MOST_LEVELS)
    # Within a few decades, powers of ten alone are too few.
    return LogLocator(subs=(1.0, 2.0, 5.0) if high < 1000 * low else (1.0,), numticks=MOST_LEVELS)
