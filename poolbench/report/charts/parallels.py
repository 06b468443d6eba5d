"""Points of many dimensions as lines over parallel axes."""

from __future__ import annotations

import math

from matplotlib import colormaps
from matplotlib.axes import Axes

from poolbench.report.chart import Axis, Parallels
from poolbench.report.charts.axes import number
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, shown
from poolbench.report.charts.surface import COLOURS

_LABEL_WIDTH = 16


def draw(chart: Parallels, axes: Axes, canvas: Canvas) -> None:
    """Draw every line, the best on the last axis over the others, and the ends of each axis."""
    lines = {index: line for index, line in enumerate(chart.lines) if all(map(math.isfinite, line))}
    spans = [
        _span(axis, [line[at] for line in lines.values()]) for at, axis in enumerate(chart.axes)
    ]
    heights = {
        index: [
            _height(axis, value, span)
            for axis, value, span in zip(chart.axes, line, spans, strict=True)
        ]
        for index, line in lines.items()
    }
    colours = colormaps[COLOURS]
    for index in sorted(heights, key=lambda index: heights[index][-1]):
        axes.plot(
            range(len(chart.axes)), heights[index],
            color=colours(heights[index][-1]), linewidth=1.0, alpha=0.6,
        )  # fmt: skip
    if chart.highlighted in heights:
        axes.plot(
            range(len(chart.axes)), heights[chart.highlighted],
            color=canvas.theme.colours[3], linewidth=2.2, marker="o",
        )  # fmt: skip
    axes.grid(visible=False)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    labels = [shown(axis.label, _LABEL_WIDTH) for axis in chart.axes]
    axes.set_xticks(range(len(chart.axes)), labels=labels)
    for at, (axis, span) in enumerate(zip(chart.axes, spans, strict=True)):
        axes.axvline(at, color=canvas.theme.quiet, linewidth=0.8)
        factor = 100 if axis.is_share else 1
        for height, value, side in zip((-0.03, 1.03), span, ("top", "bottom"), strict=True):
            if math.isfinite(value):
                text = number(float(f"{factor * value:.4g}"))
                axes.text(at, height, text, ha="center", va=side, fontsize=SMALL_PT)
    axes.set_ylim(-0.12, 1.12)


def _span(axis: Axis, values: list[float]) -> tuple[float, float]:
    if axis.limits is not None:
        return axis.limits
    return (min(values), max(values)) if values else (math.nan, math.nan)


def _height(axis: Axis, value: float, span: tuple[float, float]) -> float:
    low, high = span
    if low == high:
        return 0.5
    if axis.scale in ("log", "log2"):
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)
