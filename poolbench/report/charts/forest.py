"""Estimates with their intervals below one another, in groups."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from matplotlib.axes import Axes

from poolbench.core.values import cut
from poolbench.report.charts.axes import apply, settle
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, shown
from poolbench.report.charts_over_conditions import Forest, ForestRow

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
    lines = list(_lines(chart))
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_yticks(range(len(lines)), [cut(shown(label), _LABEL_LETTERS) for label, _ in lines])
    for label, (_, row) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontsize(SMALL_PT)
        label.set_fontweight("bold" if row is None else "normal")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    _draw_rows({at: row for at, (_, row) in enumerate(lines) if row is not None}, axes, canvas)
    settle(chart.x, "x", axes)


def _lines(chart: Forest) -> Iterator[tuple[str, ForestRow | None]]:
    """Yield the lines from the top: headings without a row, and rows."""
    for group in chart.groups:
        yield group.label, None
        for row in group.rows:
            yield row.label, row


def _draw_rows(rows: Mapping[int, ForestRow], axes: Axes, canvas: Canvas) -> None:
    low, high = axes.get_xlim()
    bars = {at: row.interval for at, row in rows.items() if row.interval is not None}
    starts, ends = ([min(max(bar[side], low), high) for bar in bars.values()] for side in (0, 1))
    axes.hlines(list(bars), starts, ends, color=canvas.theme.ink, linewidth=1.1, zorder=2)
    # A shift without end is an arrow at the border.
    for marker, border, belongs in (
        ("o", None, math.isfinite),
        (">", high, lambda value: value == math.inf),
        ("<", low, lambda value: value == -math.inf),
    ):
        kept = {at: row.value for at, row in rows.items() if belongs(row.value)}
        if not kept:
            continue  # nothing, drawn unclipped, would still take room
        axes.plot(
            [value if border is None else border for value in kept.values()],
            list(kept),
            linestyle="",
            marker=marker,
            markersize=4,
            color=canvas.theme.colours[0],
            clip_on=False,
            zorder=3,
        )


def _limits(chart: Forest) -> tuple[float, float]:
    """Return the ends of the axis, which hold zero and every finite number."""
    rows = [row for group in chart.groups for row in group.rows]
    ends = [end for row in rows for end in (row.value, *(row.interval or ()))]
    finite = [0.0, -chart.margin, chart.margin, *filter(math.isfinite, ends)]
    low, high = min(finite), max(finite)
    room = _ROOM * (high - low) or 0.01
    return low - room, high + room
