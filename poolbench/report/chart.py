"""The one chart model behind every picture: numbers with names, drawn nowhere yet.

A chart holds what is shown, never how: sizes, colours and fonts are the drawing's. Each kind of
chart is drawn by one function of ``poolbench.report.charts``; an HTML page shows the same numbers
as a table beside the picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Literal

Scale = Literal["linear", "log", "log2", "symlog"]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis.

    Args:
        label: With its unit: ``"image side (px)"``.
        scale: ``symlog`` is linear below the smallest value shown, so that epsilon 0 has a place.
        is_share: Values are fractions, shown in per cent.
        marks: Values worth a line across the picture, with their words: the training size.
        ticks: Values and words along the axis, such as ``(8 / 255, "8/255")``, of which the drawing
            keeps as many as there is room for; empty for round numbers.
        limits: Ends of the axis; ``None`` for those of the values.
    """

    label: str
    scale: Scale = "linear"
    is_share: bool = False
    marks: tuple[tuple[float, str], ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture to be.

    Args:
        name: Stem of its file: letters, digits, hyphens.
        title: For people.
        caption: What is shown, with n and the kind of every band.
    """

    name: str
    title: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points that belong together.

    Args:
        label: For the legend.
        x: Ascending.
        y: As many; NaN leaves a gap.
        low: Lower edge of the band; empty for none.
        high: Its upper edge.
        is_reference: A theory or a published curve, drawn as such.

    Raises:
        ValueError: Sequences of unequal length, or x that does not ascend.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    is_reference: bool = False

    def __post_init__(self) -> None:
        _require_equal_lengths(self.label, self.x, self.y)
        for edge in (self.low, self.high):
            if self.low or self.high:
                _require_equal_lengths(self.label, self.x, edge)
        if any(a >= b for a, b in itertools.pairwise(self.x)):
            raise ValueError(f"x of '{self.label}' does not ascend: {self.x}")


@dataclass(frozen=True, kw_only=True)
class Curves(Chart):
    """Values against a setting: robustness, learning, rates.

    Raises:
        ValueError: A value that its logarithmic axis has no place for.
    """

    x: Axis
    y: Axis
    curves: tuple[Curve, ...]

    def __post_init__(self) -> None:
        for curve in self.curves:
            _require_drawable(curve.label, (self.x, curve.x), (self.y, curve.y))


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Unordered points; ``x_spread`` and ``y_spread`` are half lengths of bars, or empty.

    Raises:
        ValueError: Sequences of unequal length.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_spread: tuple[float, ...] = ()
    y_spread: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _require_equal_lengths(self.label, self.x, self.y)
        for spread in (self.x_spread, self.y_spread):
            if spread:
                _require_equal_lengths(self.label, self.x, spread)


@dataclass(frozen=True, kw_only=True)
class Scatter(Chart):
    """One quantity against another: cosine similarities, accuracy against cost.

    ``is_square`` gives both axes one length, for a quantity before and after.

    Raises:
        ValueError: A value that its logarithmic axis has no place for.
    """

    x: Axis
    y: Axis
    clouds: tuple[Cloud, ...]
    references: tuple[Curve, ...] = ()
    is_square: bool = False

    def __post_init__(self) -> None:
        for cloud in self.clouds:
            _require_drawable(cloud.label, (self.x, cloud.x), (self.y, cloud.y))
        for curve in self.references:
            _require_drawable(curve.label, (self.x, curve.x), (self.y, curve.y))


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Values of one group, each shown as a dot.

    Args:
        label: Samples of one label stand side by side.
        values: In any order.
        is_dark: Stands out from the others of its label.
        series: What it is called in the legend; empty for no entry.
        mean: Shown beside the dots.
        interval: Likewise.
        start: What the values were before: a dotted line across the group.
    """

    label: str
    values: tuple[float, ...]
    is_dark: bool = False
    series: str = ""
    mean: float | None = None
    interval: tuple[float, float] | None = None
    start: float | None = None


@dataclass(frozen=True, kw_only=True)
class Samples(Chart):
    """Values a group: per-seed accuracies, temperatures over channels.

    ``is_density`` draws the outline of each group's density behind the dots, which are many.

    Raises:
        ValueError: A value that the logarithmic axis has no place for.
    """

    x: Axis
    y: Axis
    samples: tuple[Sample, ...]
    is_density: bool = False

    def __post_init__(self) -> None:
        for sample in self.samples:
            _require_drawable(sample.label, (self.y, sample.values))


@dataclass(frozen=True, kw_only=True)
class Surface(Chart):
    """z over a grid: ``z[i][j]`` at ``(x_values[j], y_values[i])``, at least 2 x 2.

    Raises:
        ValueError: Another shape, or a value that its logarithmic axis has no place for.
    """

    x: Axis
    y: Axis
    z: Axis
    x_values: tuple[float, ...]
    y_values: tuple[float, ...]
    z_values: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        _require_equal_lengths(self.name, self.y_values, self.z_values)
        for row in self.z_values:
            _require_equal_lengths(self.name, self.x_values, row)
            _require_drawable(self.name, (self.z, row))
        _require_drawable(self.name, (self.x, self.x_values), (self.y, self.y_values))
        if min(len(self.x_values), len(self.y_values)) < 2:
            raise ValueError(f"'{self.name}' needs at least two values along each axis")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One matrix with its numbers written in it."""

    label: str
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Matrices(Chart):
    """Small matrices side by side, in rows: values and derivatives of operators."""

    rows: tuple[tuple[Panel, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Grid(Chart):
    """Charts side by side with one legend: the same label looks the same in all of them.

    Args:
        charts: In rows, first row first; none is itself a grid.
        columns: Charts in a row, at least 1.
        is_shared: Whether all have the first one's ranges, so that heights can be compared.

    Raises:
        ValueError: No chart, or a grid within the grid.
    """

    charts: tuple[Chart, ...]
    columns: int = 2
    is_shared: bool = True

    def __post_init__(self) -> None:
        if not self.charts or any(isinstance(chart, Grid) for chart in self.charts):
            raise ValueError(f"'{self.name}' has to hold charts, and no grid among them")


def _require_equal_lengths(label: str, first: Sized, second: Sized) -> None:
    if len(first) != len(second):
        raise ValueError(f"'{label}' has {len(first)} values against {len(second)}")


def _require_drawable(label: str, *pairs: tuple[Axis, Sequence[float]]) -> None:
    for axis, values in pairs:
        if axis.scale in ("log", "log2") and any(value <= 0 for value in values):
            raise ValueError(
                f"'{label}' has a value that is not positive on the logarithmic axis '{axis.label}'"
            )
