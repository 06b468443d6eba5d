"""Tables and charts as the output of a notebook's cell: a part of a page, in its colours."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence

from poolbench.report.chart import Chart
from poolbench.report.formats.html import environment
from poolbench.report.table import Table

_PIXELS_PER_INCH = 96


def render(tables: Sequence[Table], charts: Sequence[Chart] = ()) -> str:
    """Return tables and, below them, charts as a fragment of HTML."""
    pictures = [(chart, *picture(chart)) for chart in charts]
    shown = [(chart.title, _data_url(png), width_px) for chart, png, width_px in pictures]
    return environment().get_template("notebook.html").render(tables=tables, pictures=shown)


def picture(chart: Chart) -> tuple[bytes, int]:
    """Return a chart as a PNG file, and how many pixels wide it is shown.

    It has more pixels than that, for screens that have more.
    """
    from poolbench.report.charts.picture import DOTS_PER_INCH, png

    data = png(chart)
    (width,) = struct.unpack(">I", data[16:20])  # of its header
    return data, round(width / DOTS_PER_INCH * _PIXELS_PER_INCH)


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
