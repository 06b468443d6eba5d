"""Drawing an axis of a chart with matplotlib: scale, ticks, marks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from poolbench.report.chart import Axis
from poolbench.report.charts.style import SMALL_PT, Theme, shown

Side = Literal["x", "y"]

# Size of a character and a line of tick labels.
_CHARACTER_IN, _LINE_IN = 0.075, 0.15
# Fraction of the axes' length that labels leave for ticks.
_SHARE_LEFT = 0.75
_EXPONENTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def apply(axis: Axis, side: Side, axes: Axes, values: Iterable[float], theme: Theme) -> None:
    """Give an axis its scale, label, ticks, limits and marks.

    Args:
        axis: The axis of the chart.
        side: The axis of ``axes``.
        axes: Matplotlib's axes.
        values: All values shown along it; a symmetric logarithm starts at the smallest.
        theme: Colours.
    """
    target = axes.xaxis if side == "x" else axes.yaxis
    set_scale = axes.set_xscale if side == "x" else axes.set_yscale
    if axis.scale == "symlog":
        sizes = [abs(value) for value in values if value and math.isfinite(value)]
        set_scale("symlog", linthresh=min(sizes, default=1.0), linscale=0.5)
    elif axis.scale == "log2":
        set_scale("log", base=2)
    elif axis.scale == "log":
        set_scale("log")
    target.set_label_text(shown(axis.label))
    if axis.limits is not None:
        axes.set(**{f"{side}lim": axis.limits})
    factor = 100 if axis.is_share else 1
    target.set_major_formatter(FuncFormatter(lambda value, _: number(factor * value)))
    target.set_minor_formatter(NullFormatter())
    _mark(axis, side, axes, theme)


def settle(axis: Axis, side: Side, axes: Axes) -> None:
    """Choose the ticks, after everything is drawn and the ends of the axis are known."""
    target = axes.xaxis if side == "x" else axes.yaxis
    low, high = sorted(axes.get_xlim() if side == "x" else axes.get_ylim())
    if inside := [tick for tick in axis.ticks if low <= tick[0] <= high]:
        kept = _with_room(inside, side, axes)
        target.set_ticks([at for at, _ in kept], [shown(text) for _, text in kept])
        target.set_minor_locator(FixedLocator([]))
    elif axis.scale == "log2":
        target.set_major_locator(LogLocator(base=2, numticks=9))
    elif axis.scale == "log":
        # Within two decades, powers of ten alone may leave the axis without labels.
        subs = (1.0, 2.0, 5.0) if high < 100 * low else (1.0,)
        target.set_major_locator(LogLocator(base=10, subs=subs, numticks=9))
    elif axis.scale == "linear":
        nbins = 7 if side == "x" else 6
        is_integer = not axis.is_share and high - low >= 4  # there are no half epochs
        target.set_major_locator(MaxNLocator(nbins, integer=is_integer, steps=[1, 2, 5, 10]))


def number(value: float) -> str:
    """Return the text of a tick: ``0.05``, ``−1``, ``20,000``, ``2 M``, ``3×10⁻⁵``."""
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        factor, exponent = f"{value:.2e}".split("e")
        power = f"10{str(int(exponent)).translate(_EXPONENTS)}"
        text = power if float(factor) == 1 else f"{float(factor):g}×{power}"
    elif size >= 1e6:
        text = f"{value / 1e6:g} M"
    elif size >= 1e4:
        text = f"{value:,.7g}"
    else:
        text = f"{value:.6g}"
    return text.replace("-", "−")


def _mark(axis: Axis, side: Side, axes: Axes, theme: Theme) -> None:
    halo = [patheffects.withStroke(linewidth=2, foreground=theme.ground)]
    for at, text in axis.marks:
        line = axes.axvline if side == "x" else axes.axhline
        line(at, color=theme.quiet, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        axes.annotate(
            shown(text),
            (at, 0.02) if side == "x" else (0.02, at),
            xycoords=("data", "axes fraction") if side == "x" else ("axes fraction", "data"),
            xytext=(2.5, 0) if side == "x" else (0, 2.5),
            textcoords="offset points",
            rotation=90 if side == "x" else 0,
            va="bottom",
            fontsize=SMALL_PT,
            color=theme.quiet,
            path_effects=halo,
            zorder=5,
        )


def _with_room(
    ticks: Sequence[tuple[float, str]], side: Side, axes: Axes
) -> Sequence[tuple[float, str]]:
    """Return the last tick and, from the first on, those that do not overlap another."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101  (axes of a chart are in a figure)
    box = axes.get_position()
    width, height = figure.get_size_inches()
    length = _SHARE_LEFT * (width * box.width if side == "x" else height * box.height)
    scale = (axes.xaxis if side == "x" else axes.yaxis).get_transform()
    low, high = scale.transform(np.array(axes.get_xlim() if side == "x" else axes.get_ylim()))
    kept: list[tuple[float, str]] = []
    end, last = -math.inf, math.inf
    *others, final = sorted(ticks)
    for at, text in (final, *others):
        position = float((scale.transform(np.array([at]))[0] - low) / (high - low)) * length
        half = (_CHARACTER_IN * (len(text) + 1) if side == "x" else _LINE_IN) / 2
        if last == math.inf:
            last = position - half
        elif position - half >= end and position + half <= last:
            end = position + half
        else:
            continue
        kept.append((at, text))
    return sorted(kept)
