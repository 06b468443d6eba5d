"""From a chart to a figure: size, title, caption and legend around the drawing."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from poolbench.report.chart import (
    Chart,
    Curves,
    Grid,
    Matrices,
    Parallels,
    Samples,
    Scatter,
    Surface,
)
from poolbench.report.charts import (
    curves,
    forest,
    matrices,
    parallels,
    pictures,
    rank_line,
    samples,
    scatter,
    surface,
)
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, Theme, looks, shown
from poolbench.report.charts_over_conditions import Forest, RankLine
from poolbench.report.pictures import Pictures

DRAWINGS: Mapping[type[Chart], Callable[[Any, Axes, Canvas], None]] = {
    Curves: curves.draw,
    Scatter: scatter.draw,
    Samples: samples.draw,
    Surface: surface.draw,
    Matrices: matrices.draw,
    Parallels: parallels.draw,
    Forest: forest.draw,
    RankLine: rank_line.draw,
    Pictures: pictures.draw,
}

# A column of a page is 3.4 in wide: shrunk to it, the smallest letters still have 5 points.
WIDTH_IN, HEIGHT_IN = 4.8, 3.1
PANEL_IN = (2.5, 2.15)
LEGEND_IN = 1.3
LEGEND_LINE_IN = 0.155
TITLE_IN = 0.7
GROUP_IN = 0.5
TILE_IN = 0.52
CAPTION_LINE_IN = 0.135
LEGEND_WIDTH = 22


def figure_of(chart: Chart, *, theme: Theme, has_caption: bool) -> Figure:
    """Return a chart as a figure; call it where :func:`.style.drawn_in` holds.

    Args:
        chart: The chart to draw.
        theme: Colours.
        has_caption: Whether the caption is written below the picture.

    Raises:
        TypeError: There is no drawing function for the kind of chart.
    """
    charts = chart.charts if isinstance(chart, Grid) else (chart,)
    for part in charts:
        if type(part) not in DRAWINGS:
            raise TypeError(f"no drawing for a {type(part).__name__}")
    width, height = _size(chart)
    # Letters that fit below the picture: 7 points, 0.56 em wide on average.
    caption = textwrap.wrap(shown(chart.caption), int(width / (SMALL_PT * 0.56 / 72)))
    caption = caption if has_caption else []
    figure = Figure(figsize=(width, height + CAPTION_LINE_IN * len(caption)), layout="constrained")
    legend = _draw_all(chart, charts, figure, theme)
    if legend:
        samples, names = list(legend.values()), [shown(label, LEGEND_WIDTH) for label in legend]
        # A legend taller than the picture would leave its axes no room at all.
        lines = sum(name.count("\n") + 1 for name in names)
        rest = CAPTION_LINE_IN * len(caption)
        figure.set_size_inches(width, max(height, LEGEND_LINE_IN * lines + TITLE_IN) + rest)
        if isinstance(chart, Grid):
            figure.legend(samples, names, loc="outside right center")
        else:
            figure.axes[0].legend(samples, names, loc="upper left", bbox_to_anchor=(1.0, 1.02))
    letters = int(width / ((SMALL_PT + 2.5) * 0.64 / 72))
    figure.suptitle(shown(chart.title, letters))
    if caption:
        figure.supxlabel(
            "\n".join(caption), x=0.01, ha="left", fontsize=SMALL_PT, color=theme.quiet
        )
    return figure


def _draw_all(
    chart: Chart, charts: tuple[Chart, ...], figure: Figure, theme: Theme
) -> Mapping[str, Artist]:
    is_grid = isinstance(chart, Grid)
    is_shared = isinstance(chart, Grid) and chart.is_shared
    columns = min(chart.columns, len(charts)) if isinstance(chart, Grid) else 1
    kinds = {type(part) for part in charts}
    shares_y = is_shared and len(kinds) == 1 and not kinds & {Matrices, Surface}
    panels = figure.subplots(
        -(-len(charts) // columns),
        columns,
        squeeze=False,
        sharex="all" if shares_y and kinds != {Samples} else "none",
        sharey="all" if shares_y else "none",
    ).flat
    known = looks((label for part in charts for label in _labels(part)), theme)
    legend: dict[str, Artist] = {}
    for part, axes in zip(charts, panels, strict=False):
        family = charts if is_shared else (part,)
        canvas = Canvas(theme=theme, looks=known, charts=family, is_alone=not is_grid)
        DRAWINGS[type(part)](part, axes, canvas)
        legend |= canvas.legend
        if is_grid:
            axes.set_title(shown(part.title, 34))
    for axes in panels:
        axes.remove()
    if shares_y:
        for axes in figure.axes:
            axes.label_outer(remove_inner_ticks=False)
    return legend


def _labels(chart: Chart) -> Iterator[str]:
    if isinstance(chart, Curves):
        yield from (curve.label for curve in chart.curves if not curve.is_reference)
    if isinstance(chart, Scatter):
        yield from (cloud.label for cloud in chart.clouds)


def _size(chart: Chart) -> tuple[float, float]:
    """Return width and height in inches, without the caption."""
    if isinstance(chart, Grid):
        columns = min(chart.columns, len(chart.charts))
        rows = -(-len(chart.charts) // columns)
        sizes = [_size(part) for part in chart.charts if isinstance(part, Matrices)]
        panel = sizes[0] if sizes else PANEL_IN
        return columns * panel[0] + LEGEND_IN, rows * panel[1] + 0.4
    if isinstance(chart, Matrices):
        width, height = matrices.extent(chart)
        return max(2.4, TILE_IN * width), TILE_IN * height + 0.4
    if isinstance(chart, Forest):
        return WIDTH_IN, forest.height_in(chart)
    if isinstance(chart, RankLine):
        return WIDTH_IN, rank_line.height_in(chart)
    if isinstance(chart, Pictures):
        width, height = pictures.extent(chart)
        return max(2.4, width), height + 0.4
    if isinstance(chart, Samples):
        groups = len({sample.label for sample in chart.samples})
        return max(WIDTH_IN, GROUP_IN * groups + 1), HEIGHT_IN
    return WIDTH_IN, HEIGHT_IN
