"""One quantity against another, as points with bars."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from poolbench.report.chart import Scatter
from poolbench.report.charts.axes import apply, settle
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.curves import style_of

# With more points per label than the first, they are small and half transparent; with more than the
# second, they are one image inside a vector file.
CROWD, THRONG = 60, 3000


def draw(chart: Scatter, axes: Axes, canvas: Canvas) -> None:
    """Draw clouds of points over their reference curves."""
    theme = canvas.theme
    family = [other for other in canvas.charts if isinstance(other, Scatter)]
    clouds = [cloud for other in family for cloud in other.clouds]
    apply(chart.x, "x", axes, (x for cloud in clouds for x in cloud.x), theme)
    apply(chart.y, "y", axes, (y for cloud in clouds for y in cloud.y), theme)
    for curve in chart.references:
        style = {**style_of(curve, canvas), "color": theme.ink, "zorder": 3}
        axes.plot(curve.x, curve.y, **style)
        canvas.legend[curve.label] = Line2D([], [], **style)
    for cloud in chart.clouds:
        look, is_crowd = canvas.looks[cloud.label], len(cloud.x) > CROWD
        axes.errorbar(
            cloud.x,
            cloud.y,
            xerr=cloud.x_spread or None,
            yerr=cloud.y_spread or None,
            linestyle="",
            marker=look.marker,
            color=look.colour,
            ecolor=look.colour,
            elinewidth=0.9,
            capsize=2,
            markersize=2.6 if is_crowd else 5,
            markeredgewidth=0,
            alpha=0.45 if is_crowd else 0.95,
            rasterized=len(cloud.x) > THRONG,
        )
        canvas.legend[cloud.label] = Line2D(
            [], [], linestyle="", marker=look.marker, color=look.colour, markersize=5
        )
    if chart.is_square:
        axes.set_aspect("equal", adjustable="box")
    settle(chart.x, "x", axes)
    settle(chart.y, "y", axes)
