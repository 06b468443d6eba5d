"""Values against a setting, each curve named where it ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from poolbench.report.chart import Curve, Curves
from poolbench.report.charts.axes import apply, settle
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, shown

# Names at the ends of curves: how many fit, and the height of one as a fraction of the axes'.
MOST_NAMES = 14
NAME_HEIGHT = 0.062
NAME_WIDTH = 22
MOST_MARKERS = 25


def draw(chart: Curves, axes: Axes, canvas: Canvas) -> None:
    """Draw curves with their bands, and name them at their ends or in the legend."""
    theme = canvas.theme
    family = [other for other in canvas.charts if isinstance(other, Curves)]
    shown_curves = [curve for other in family for curve in other.curves]
    apply(chart.x, "x", axes, (x for curve in shown_curves for x in curve.x), theme)
    apply(chart.y, "y", axes, (y for curve in shown_curves for y in curve.y), theme)
    axes.margins(x=0.03)
    samples = {}
    for index, curve in enumerate(chart.curves):
        style = style_of(curve, canvas)
        step = max(1, math.ceil(len(curve.x) / MOST_MARKERS))
        # Markers alternate, so that curves on top of each other can be distinguished.
        axes.plot(curve.x, curve.y, **style, markevery=(index % step, step))
        if curve.low:
            axes.fill_between(
                curve.x, curve.low, curve.high, color=style["color"], alpha=0.16, linewidth=0
            )
        samples[curve.label] = Line2D([], [], **style)
    settle(chart.x, "x", axes)
    settle(chart.y, "y", axes)
    if canvas.is_alone and len(chart.curves) <= MOST_NAMES:
        _name_ends(chart.curves, axes, canvas)
    else:
        canvas.legend.update(samples)


def style_of(curve: Curve, canvas: Canvas) -> dict[str, Any]:
    """Return the style of a curve's line; a reference is thin and without markers."""
    if curve.is_reference:
        return {"color": canvas.theme.quiet, "linestyle": (0, (2, 1)), "linewidth": 1.1}
    look = canvas.looks[curve.label]
    return {"color": look.colour, "linestyle": look.dashes, "marker": look.marker}


def spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return positions close to the wanted ones at which labels do not overlap.

    Args:
        wanted: Centres, each in [0, 1].
        heights: Heights of the labels; their sum should be at most 1.

    Returns:
        Centres in the same order: the least-squares solution, shifted into [0, 1].
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(wanted, kind="stable")
    size = np.asarray(heights)[order]
    # Centres of labels stacked without gaps; the differences from them have to ascend.
    stacked = np.cumsum(size) - size / 2
    free = isotonic_regression(np.asarray(wanted, dtype=float)[order] - stacked).x
    positions = np.clip(free, 0, max(0.0, 1 - float(size.sum()))) + stacked
    result = np.empty(len(order))
    result[order] = positions
    return result.tolist()


def _name_ends(curves: Sequence[Curve], axes: Axes, canvas: Canvas) -> None:
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # the names must not move the curves
    ends = [(curve, *end) for curve in curves for end in _end(curve, axes)]
    names = [shown(curve.label, NAME_WIDTH) for curve, _, _ in ends]
    lines = [name.count("\n") + 1 for name in names]
    positions = spread([y for _, _, y in ends], [NAME_HEIGHT * count for count in lines])
    for (curve, x, y), name, position in zip(ends, names, positions, strict=True):
        style = style_of(curve, canvas)
        across: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        axes.plot([x, 1.03], [y, position], color=canvas.theme.quiet, lw=0.4, zorder=1, **across)
        marker = style.pop("marker", "")
        axes.plot([1.03, 1.12], [position, position], **style, **across)
        axes.plot([1.075], [position], marker=marker, color=style["color"], **across)
        axes.text(1.14, position, name, va="center", fontsize=SMALL_PT + 0.5, **across)


def _end(curve: Curve, axes: Axes) -> Iterator[tuple[float, float]]:
    """Yield the last finite point, as fractions of the axes."""
    seen = [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if math.isfinite(y)]
    if seen:
        at = axes.transScale.transform(seen[-1])
        x, y = axes.transLimits.transform(at)
        yield float(x), min(1.0, max(0.0, float(y)))
