"""Estimates with their intervals below one another, in groups."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from poolbench.report.chart import Axis
from poolbench.report.charts.axes import apply, settle
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, shown
from poolbench.report.charts_over_conditions import Forest

_LINE_IN = 0.17
_FRAME_IN = 0.85
_LABEL_LETTERS = 34
# Room beside the outermost value, as a share of all that lies between.
_ROOM = 0.06


def height_in(chart: Forest) -> float:
    """Return the height of the picture in inches: a line for each heading and row."""
    lines = sum(1 + len(group.rows) for group in chart.groups)
    return _FRAME_IN + _LINE_IN * lines


def draw(chart: Forest, axes: Axes, canvas: Canvas) -> None:
    """Draw the groups from the top, their headings at the left border."""
    theme = canvas.theme
    low, high = limits = _limits(chart)
    apply(chart.x, "x", axes, limits, theme)
    axes.set_xlim(low, high)
    axes.axvline(0, color=theme.ink, linewidth=0.8, zorder=1)
    if chart.margin:
        axes.axvspan(-chart.margin, chart.margin, color=theme.quiet, alpha=0.18, linewidth=0)
    line = 0
    names: dict[int, str] = {}
    headings: list[int] = []
    for group in chart.groups:
        names[line] = shown(group.label)
        headings.append(line)
        for row in group.rows:
            line += 1
            names[line] = shown(row.label)
            _draw_row(row.value, row.interval, line, limits, axes, canvas)
        line += 1
    axes.set_ylim(line - 0.4, -0.6)
    axes.set_yticks(list(names), [_cut(name) for name in names.values()], fontsize=SMALL_PT)
    for tick, label in zip(names, axes.get_yticklabels(), strict=True):
        if tick in headings:
            label.set_fontweight("bold")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    settle(Axis(label=chart.x.label, is_share=chart.x.is_share), "x", axes)


def _draw_row(
    value: float,
    interval: tuple[float, float] | None,
    line: int,
    limits: tuple[float, float],
    axes: Axes,
    canvas: Canvas,
) -> None:
    ink, colours = canvas.theme.ink, canvas.theme.colours
    if interval is not None:
        ends = [min(max(end, limits[0]), limits[1]) for end in interval]
        axes.plot(ends, [line, line], color=ink, linewidth=1.1, solid_capstyle="butt", zorder=2)
    if math.isfinite(value):
        axes.plot([value], [line], marker="o", markersize=4, color=colours[0], zorder=3)
    elif not math.isnan(value):
        at, marker = (limits[1], ">") if value > 0 else (limits[0], "<")
        axes.plot([at], [line], marker=marker, markersize=5, color=colours[0], clip_on=False)


def _limits(chart: Forest) -> tuple[float, float]:
    """Return the ends of the axis, which hold zero and every finite number."""
    rows = [row for group in chart.groups for row in group.rows]
    ends = [end for row in rows for end in (row.value, *(row.interval or ()))]
    finite = [0.0, -chart.margin, chart.margin, *filter(math.isfinite, ends)]
    low, high = min(finite), max(finite)
    room = _ROOM * (high - low) or 0.01
    return low - room, high + room


def _cut(name: str) -> str:
    return name if len(name) <= _LABEL_LETTERS else f"{name[: _LABEL_LETTERS - 1]}…"
