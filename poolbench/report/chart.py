"""The chart model behind every picture: numbers with names, not yet drawn.

A chart holds what is shown, not how: sizes, colours and fonts are decided when it is drawn. Each
kind of chart is drawn by one function in ``poolbench.report.charts``; an HTML page also shows the
numbers as a table.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any, Literal

Scale = Literal["linear", "log", "log2", "symlog"]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis.

    Args:
        label: Label with its unit: ``"image side (px)"``.
        scale: Scale; ``symlog`` is linear below the smallest value shown, to include epsilon 0.
        is_share: Whether values are fractions, shown in per cent.
        marks: Values marked by a line across the picture, with their text: the training size.
        ticks: Values and texts along the axis, such as ``(8 / 255, "8/255")``; as many are drawn
            as there is room for; empty for round numbers.
        limits: Ends of the axis; ``None`` for the range of the values.
    """

    label: str
    scale: Scale = "linear"
    is_share: bool = False
    marks: tuple[tuple[float, str], ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What all kinds of charts share.

    Args:
        name: Stem of its file: letters, digits, hyphens.
        title: Title of the picture.
        caption: What is shown, with n and the meaning of every band.
    """

    name: str
    title: str
    caption: str = ""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the picture for a notebook, and its title for where there can only be text."""
        data, facts = self._repr_png_()
        return {"text/plain": f"<{self.title}>", "image/png": data}, {"image/png": facts}

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the picture for a notebook, and how wide it is shown there."""
        from poolbench.report.formats.notebook import picture

        data, width_px = picture(self)
        return data, {"width": width_px}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The points of one curve.

    Args:
        label: Label in the legend.
        x: Ascending values.
        y: One value for each x; NaN leaves a gap.
        low: Lower edge of the band; empty for none.
        high: Upper edge of the band; empty for none.
        is_reference: Whether it is a theoretical or published curve, drawn differently.

    Raises:
        ValueError: Sequences differ in length, or x does not ascend.
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
        ValueError: A value on a logarithmic axis is not positive.
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
        ValueError: Sequences differ in length.
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

    ``is_square`` gives both axes the same length, for a quantity before and after.

    Raises:
        ValueError: A value on a logarithmic axis is not positive.
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
        label: Group; samples with the same label are drawn side by side.
        values: Values in any order.
        is_dark: Whether it is highlighted among the samples of its label.
        series: Name in the legend; empty for no entry.
        mean: Mean, shown with the dots.
        interval: Interval of the mean, shown with the dots.
        start: Initial values: a dotted line across the group.
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
    """Values in groups: per-seed accuracies, temperatures over channels.

    ``is_density`` draws the outline of each group's density behind the dots, if there are many.

    Raises:
        ValueError: A value on the logarithmic axis is not positive.
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
        ValueError: The shape is wrong, or a value on a logarithmic axis is not positive.
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
    """One matrix with its numbers."""

    label: str
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Matrices(Chart):
    """Small matrices side by side, in rows: values and derivatives of operators."""

    rows: tuple[tuple[Panel, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Parallels(Chart):
    """Points of many dimensions as lines over parallel axes; the last axis colours them.

    Args:
        axes: At least two.
        lines: One value for each axis; a line with a NaN is not drawn.
        highlighted: Index of a line to draw on top of all; ``None`` for none.

    Raises:
        ValueError: There are fewer than two axes, a line has another number of values, or a value
            on a logarithmic axis is not positive.
    """

    axes: tuple[Axis, ...]
    lines: tuple[tuple[float, ...], ...]
    highlighted: int | None = None

    def __post_init__(self) -> None:
        if len(self.axes) < 2:
            raise ValueError(f"'{self.name}' needs at least two axes")
        for line in self.lines:
            _require_equal_lengths(self.name, self.axes, line)
            for axis, value in zip(self.axes, line, strict=True):
                _require_drawable(self.name, (axis, (value,)))


@dataclass(frozen=True, kw_only=True)
class Grid(Chart):
    """Charts side by side with one legend: a label looks the same in all of them.

    Args:
        charts: Charts row by row; none is itself a grid.
        columns: Charts per row, at least 1.
        is_shared: Whether all charts have the first one's ranges, so that they can be compared.

    Raises:
        ValueError: There is no chart, or one is a grid.
    """

    charts: tuple[Chart, ...]
    columns: int = 2
    is_shared: bool = True

    def __post_init__(self) -> None:
        if not self.charts or any(isinstance(chart, Grid) for chart in self.charts):
            raise ValueError(f"'{self.name}' has to contain charts, but no grid")


def _require_equal_lengths(label: str, first: Sized, second: Sized) -> None:
    if len(first) != len(second):
        raise ValueError(f"'{label}' has {len(first)} values against {len(second)}")


def _require_drawable(label: str, *pairs: tuple[Axis, Sequence[float]]) -> None:
    for axis, values in pairs:
        if axis.scale in ("log", "log2") and any(value <= 0 for value in values):
            raise ValueError(
                f"'{label}' has a value that is not positive on the logarithmic axis '{axis.label}'"
            )
