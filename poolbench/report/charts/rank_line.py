"""Mean ranks along a line: the critical-difference diagram of Demsar 2006."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from poolbench.core.values import cut
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, shown
from poolbench.report.charts_over_conditions import RankLine

_LINE_IN = 0.19
_FRAME_IN = 0.75
_LETTERS = 20
# Lines above the scale for the critical difference, and below it before the first name.
_ABOVE, _BELOW = 1.6, 0.9
_BAR_STEP = 0.45


def height_in(chart: RankLine) -> float:
    """Return the height of the picture in inches: a line for each pair of names, and the bars."""
    return _FRAME_IN + _LINE_IN * (_ABOVE + _lines(chart))


def _lines(chart: RankLine) -> float:
    return _first_name(chart) + math.ceil(len(chart.ranks) / 2)


def _first_name(chart: RankLine) -> float:
    return _BELOW + _BAR_STEP * len(chart.groups)


def draw(chart: RankLine, axes: Axes, canvas: Canvas) -> None:
    """Draw the scale, the better half of the names on its left, the others on its right."""
    theme = canvas.theme
    names = sorted(chart.ranks, key=chart.ranks.__getitem__)
    last = len(names)
    room = 0.45 * (last - 1)
    axes.set_xlim(1 - room, last + room)
    axes.set_ylim(_lines(chart), -_ABOVE)
    axes.axis("off")
    axes.plot([1, last], [0, 0], color=theme.ink, linewidth=1.1)
    step = max(1, math.ceil(last / 12))
    for tick in range(1, last + 1, step):
        axes.plot([tick, tick], [-0.18, 0], color=theme.ink, linewidth=0.8)
        axes.text(tick, -0.25, str(tick), ha="center", va="bottom", fontsize=SMALL_PT)
    axes.text(1 - room, 0, shown(chart.x.label), va="center", fontsize=SMALL_PT, color=theme.quiet)
    if chart.critical_difference is not None:
        end = 1 + chart.critical_difference
        axes.plot([1, end], [-1.15, -1.15], color=theme.ink, marker="|", markersize=5)
        text = f"critical difference {chart.critical_difference:.2f}"
        axes.text(end, -1.15, f"  {text}", va="center", fontsize=SMALL_PT)
    for index, group in enumerate(chart.groups):
        at = 0.5 + _BAR_STEP * index
        ends = [chart.ranks[group[0]] - 0.03, chart.ranks[group[-1]] + 0.03]
        axes.plot(ends, [at, at], color=theme.colours[0], linewidth=3, solid_capstyle="butt")
    first, half = _first_name(chart), math.ceil(last / 2)
    for index, name in enumerate(names):
        is_left = index < half
        depth = first + (index if is_left else last - 1 - index)
        edge = 1 - 0.05 * (last - 1) if is_left else last + 0.05 * (last - 1)
        rank = chart.ranks[name]
        axes.plot([rank, rank, edge], [0, depth, depth], color=theme.quiet, linewidth=0.8)
        label = shown(cut(name, _LETTERS))
        text = f"{label} {rank:.2f} " if is_left else f" {rank:.2f} {label}"
        axes.text(
            edge, depth, text, ha="right" if is_left else "left", va="center", fontsize=SMALL_PT
        )
