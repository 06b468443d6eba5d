"""Values in groups: one dot each, with mean, interval and the outline of their density."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.mlab import GaussianKDE
from matplotlib.patches import Patch

from poolbench.report.chart import Axis, Sample, Samples
from poolbench.report.charts.axes import apply, settle
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import shown

LABEL_WIDTH = 16
# Labels with more characters in total than fit side by side are rotated.
ROOM = 60
# With fewer distinct values no density is drawn.
LEAST_FOR_DENSITY = 5
# With more values the dots are faint.
CROWD = 60
GOLDEN = (5**0.5 - 1) / 2


def draw(chart: Samples, axes: Axes, canvas: Canvas) -> None:
    """Draw each label's samples side by side."""
    family = [other for other in canvas.charts if isinstance(other, Samples)]
    values = [value for other in family for sample in other.samples for value in sample.values]
    apply(chart.y, "y", axes, values, canvas.theme)
    groups: dict[str, list[Sample]] = {}
    for sample in chart.samples:
        groups.setdefault(sample.label, []).append(sample)
    for group, samples in enumerate(groups.values()):
        width = 0.8 / len(samples)
        for index, sample in enumerate(samples):
            centre = group + (index - (len(samples) - 1) / 2) * width
            _draw_sample(sample, axes, canvas, centre, width, chart)
    names = [shown(label, LABEL_WIDTH) for label in groups]
    is_turned = sum(map(len, groups)) > ROOM
    turned: dict[str, Any] = (
        {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if is_turned else {}
    )
    axes.set_xticks(range(len(groups)), names, **turned)
    axes.set_xlabel(shown(chart.x.label))
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.grid(visible=False, axis="x")
    settle(chart.y, "y", axes)


def _draw_sample(
    sample: Sample, axes: Axes, canvas: Canvas, centre: float, width: float, chart: Samples
) -> None:
    theme = canvas.theme
    fill = theme.dark if sample.is_dark else theme.light
    values = np.sort(np.asarray(sample.values, dtype=float))
    values = values[np.isfinite(values)]
    if chart.is_density and len(np.unique(values)) >= LEAST_FOR_DENSITY:
        heights, outline = _density(values, chart.y)
        half = 0.46 * width * outline / outline.max()
        axes.fill_betweenx(
            heights, centre - half, centre + half,
            facecolor=fill, edgecolor=theme.ink, linewidth=0.5, alpha=0.8, zorder=2,
        )  # fmt: skip
    # Multiples of the golden ratio scatter evenly and deterministically.
    scattered = (np.arange(len(values)) * GOLDEN) % 1 - 0.5
    is_crowd = len(values) > CROWD
    axes.plot(
        centre + (0.5 if len(values) > 1 else 0) * width * scattered,
        values,
        linestyle="",
        marker="o",
        markersize=1.3 if is_crowd else 2.4 if chart.is_density else 3.8,
        markerfacecolor=theme.ink if is_crowd else fill,
        markeredgecolor=theme.ink,
        markeredgewidth=0 if is_crowd else 0.3,
        alpha=0.35 if is_crowd else 0.85,
        zorder=3,
    )
    beside = centre + (0 if chart.is_density else 0.38 * width)
    _draw_mean(sample, axes, canvas, beside)
    if sample.start is not None:
        ends = [centre - width / 2, centre + width / 2]
        axes.plot(ends, [sample.start] * 2, color=theme.ink, linestyle=(0, (1, 1.2)), zorder=4)
        canvas.legend["before training"] = Line2D([], [], color=theme.ink, linestyle=(0, (1, 1.2)))
    if sample.series:
        canvas.legend[sample.series] = Patch(facecolor=fill, edgecolor=theme.ink, linewidth=0.4)


def _draw_mean(sample: Sample, axes: Axes, canvas: Canvas, x: float) -> None:
    style: dict[str, Any] = {"color": canvas.theme.ink, "linewidth": 1.1, "zorder": 5}
    if sample.interval is not None:
        axes.plot([x, x], sample.interval, **style)
    if sample.mean is not None:
        axes.plot([x], [sample.mean], marker="D", markersize=4, linestyle="", **style)


def _density(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], axis: Axis
) -> Sequence[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return positions along the scaled axis, and the density there."""
    is_log = axis.scale in ("log", "log2")
    scaled = np.log2(values) if is_log else values
    reach = 0.15 * (scaled[-1] - scaled[0])
    heights = np.linspace(scaled[0] - reach, scaled[-1] + reach, 200)
    outline = GaussianKDE(scaled)(heights)
    return (np.exp2(heights) if is_log else heights), outline
