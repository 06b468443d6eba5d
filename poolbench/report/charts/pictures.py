"""Images of a data set side by side, with a heading above each and lines below it."""

from __future__ import annotations

from matplotlib.axes import Axes

from poolbench.core.values import cut
from poolbench.report.charts.canvas import Canvas
from poolbench.report.charts.style import SMALL_PT, shown
from poolbench.report.pictures import Pictures

COLUMNS = 3  # as wide as other charts, or the letters would be too small in a page
TILE_IN = 1.5
LINE_IN = 0.13
GAP_IN = 0.1
# Characters of the small font that fit below an image, and lines that they may fill.
LETTERS = 25
LINES = 2


def extent(chart: Pictures) -> tuple[float, float]:
    """Return width and height of the whole in inches."""
    columns = min(COLUMNS, len(chart.tiles))
    rows = -(-len(chart.tiles) // columns)
    return columns * (TILE_IN + GAP_IN), rows * _height(chart)


def draw(chart: Pictures, axes: Axes, canvas: Canvas) -> None:
    """Draw the images row by row, each with its own pixels, not smoothed."""
    width, height = extent(chart)
    axes.set_axis_off()
    for index, tile in enumerate(chart.tiles):
        row, column = divmod(index, COLUMNS)
        left, top = column * (TILE_IN + GAP_IN), row * _height(chart) + LINE_IN
        side = TILE_IN - LINE_IN
        pixels = tile.pixels if tile.pixels.shape[-1] == 3 else tile.pixels[..., 0]
        axes.imshow(
            pixels,
            extent=(left, left + side, top + side, top),
            cmap="gray",
            vmin=0,
            vmax=255,
            interpolation="nearest",
            aspect="equal",
        )
        axes.text(left, top - 0.03, cut(shown(tile.heading), LETTERS), weight="bold", va="bottom")
        for number, line in enumerate(tile.lines):
            axes.text(
                left, top + side + 0.03 + number * LINES * LINE_IN, _wrapped(line),
                va="top", fontsize=SMALL_PT, color=canvas.theme.ink, linespacing=1.05,
            )  # fmt: skip
    axes.set(xlim=(0, width), ylim=(height, 0))


def _height(chart: Pictures) -> float:
    lines = max(len(tile.lines) for tile in chart.tiles)
    return TILE_IN + GAP_IN + lines * LINES * LINE_IN


def _wrapped(text: str) -> str:
    lines = shown(text, LETTERS).split("\n")
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"{lines[LINES - 1][: LETTERS - 1]}…"]
    return "\n".join(lines)
