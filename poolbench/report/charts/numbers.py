"""The numbers behind a chart as tables, for readers who cannot see it or want exact values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import singledispatch

from poolbench.report.cells import signed
from poolbench.report.chart import (
    Chart,
    Cloud,
    Curve,
    Curves,
    Grid,
    Matrices,
    Parallels,
    Samples,
    Scatter,
    Surface,
)
from poolbench.report.charts_over_conditions import Forest, RankLine
from poolbench.report.number_format import NOTHING
from poolbench.report.pictures import Pictures
from poolbench.report.table import Column, Table, TableCell, text_cell


@singledispatch
def numbers_behind(chart: Chart) -> tuple[Table, ...]:
    """Return tables with every number of a chart.

    Raises:
        TypeError: There is no table for the kind of chart.
    """
    raise TypeError(f"no table for a {type(chart).__name__}")


@numbers_behind.register
def _(chart: Curves) -> tuple[Table, ...]:
    rows = (
        (curve.label, *point)
        for curve in chart.curves
        for point in zip(
            curve.x,
            curve.y,
            _or_gaps(curve.low, curve.x),
            _or_gaps(curve.high, curve.x),
            strict=True,
        )
    )
    shares = (False, chart.x.is_share, *[chart.y.is_share] * 3)
    titles = ("curve", chart.x.label, chart.y.label, "band from", "to")
    return (_table(chart, titles, rows, shares),)


@numbers_behind.register
def _(chart: Scatter) -> tuple[Table, ...]:
    parts: tuple[Cloud | Curve, ...] = (*chart.clouds, *chart.references)
    rows = ((part.label, *point) for part in parts for point in zip(part.x, part.y, strict=True))
    shares = (False, chart.x.is_share, chart.y.is_share)
    return (_table(chart, ("points", chart.x.label, chart.y.label), rows, shares),)


@numbers_behind.register
def _(chart: Samples) -> tuple[Table, ...]:
    rows = ((sample.label, value) for sample in chart.samples for value in sample.values)
    return (_table(chart, ("group", chart.y.label), rows, (False, chart.y.is_share)),)


@numbers_behind.register
def _(chart: Surface) -> tuple[Table, ...]:
    rows = (
        (x, y, z)
        for y, line in zip(chart.y_values, chart.z_values, strict=True)
        for x, z in zip(chart.x_values, line, strict=True)
    )
    return (_table(chart, (chart.x.label, chart.y.label, chart.z.label), rows),)


@numbers_behind.register
def _(chart: Matrices) -> tuple[Table, ...]:
    rows = (
        (panel.label, row + 1, column + 1, value)
        for line in chart.rows
        for panel in line
        for row, values in enumerate(panel.values)
        for column, value in enumerate(values)
    )
    return (_table(chart, ("matrix", "row", "column", "value"), rows),)


@numbers_behind.register
def _(chart: Parallels) -> tuple[Table, ...]:
    titles = ("line", *(axis.label for axis in chart.axes))
    rows: list[list[str | float]] = [[str(n), *line] for n, line in enumerate(chart.lines, 1)]
    return (_table(chart, titles, rows, (False, *(axis.is_share for axis in chart.axes))),)


@numbers_behind.register
def _(chart: Forest) -> tuple[Table, ...]:
    rows = (
        (group.label, row.label, row.value, *(row.interval or (math.nan, math.nan)))
        for group in chart.groups
        for row in group.rows
    )
    titles = ("group", "row", chart.x.label, "from", "to")
    return (_table(chart, titles, rows, (False, False, *[chart.x.is_share] * 3)),)


@numbers_behind.register
def _(chart: RankLine) -> tuple[Table, ...]:
    return (_table(chart, ("variant", chart.x.label), chart.ranks.items()),)


@numbers_behind.register
def _(_chart: Pictures) -> tuple[Table, ...]:
    """Return none: what is said of the images is text, which has a table of its own."""
    return ()


@numbers_behind.register
def _(chart: Grid) -> tuple[Table, ...]:
    return tuple(table for part in chart.charts for table in numbers_behind(part))


def _or_gaps(values: Sequence[float], like: Sequence[float]) -> Sequence[float]:
    return values or [math.nan] * len(like)


def _table(
    chart: Chart,
    titles: Sequence[str],
    rows: Iterable[Sequence[str | float]],
    shares: Sequence[bool] = (),
) -> Table:
    """Return a chart's numbers; where a column holds shares, its cells read in per cent."""
    shares = shares or [False] * len(titles)
    return Table(
        title=chart.title,
        columns=tuple(
            # The unit in a label is that of the text: values are fractions.
            Column(title=title, fields=(title.removesuffix(" (%)"),), is_text=index == 0)
            for index, title in enumerate(_distinct(titles))
        ),
        rows=tuple(
            tuple(_cell(value, is_share) for value, is_share in zip(row, shares, strict=True))
            for row in rows
        ),
    )


def _distinct(titles: Sequence[str]) -> Iterator[str]:
    """Make titles unique: axes may share a label, columns may not."""
    for index, title in enumerate(titles):
        yield title if title not in titles[:index] else f"{title} ({index})"


def _cell(value: str | float, is_share: bool) -> TableCell:
    if isinstance(value, str):
        return text_cell(value)
    shown = signed(100 * value if is_share else value, 6) if math.isfinite(value) else NOTHING
    return TableCell(values=(value,), text=shown)
