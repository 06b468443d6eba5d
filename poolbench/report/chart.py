"""The one chart model behind every picture: numbers with names, drawn nowhere yet.

A chart holds what is shown, never how: sizes, colours and fonts are the drawing's. Each kind of
chart is drawn by one function of ``poolbench.report.charts``; an HTML page shows the same numbers
as a table beside the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scale = Literal["linear", "log", "log2", "symlog"]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis.

    Args:
        label: With its unit: ``"image side (px)"``.
        scale: ``symlog`` is linear around 0, so that epsilon 0 has a place.
        is_share: Values are fractions, shown in per cent.
        marks: Values worth a line across the picture, with their words: the training size.
    """

    label: str
    scale: Scale = "linear"
    is_share: bool = False
    marks: tuple[tuple[float, str], ...] = ()


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
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    is_reference: bool = False


@dataclass(frozen=True, kw_only=True)
class Curves(Chart):
    """Values against a setting: robustness, learning, rates."""

    x: Axis
    y: Axis
    curves: tuple[Curve, ...]


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Unordered points; ``x_spread`` and ``y_spread`` are half lengths of bars, or empty."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_spread: tuple[float, ...] = ()
    y_spread: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scatter(Chart):
    """One quantity against another: cosine similarities, accuracy against cost."""

    x: Axis
    y: Axis
    clouds: tuple[Cloud, ...]
    references: tuple[Curve, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Values of one group, each shown as a dot; ``mean`` and ``interval`` beside them."""

    label: str
    values: tuple[float, ...]
    is_dark: bool = False
    mean: float | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Samples(Chart):
    """Values a group: per-seed accuracies, temperatures over channels.

    ``is_density`` draws the outline of each group's density behind the dots, which are many.
    """

    x: Axis
    y: Axis
    samples: tuple[Sample, ...]
    is_density: bool = False


@dataclass(frozen=True, kw_only=True)
class Surface(Chart):
    """z over a grid: ``z[i][j]`` at ``(x_values[j], y_values[i])``."""

    x: Axis
    y: Axis
    z: Axis
    x_values: tuple[float, ...]
    y_values: tuple[float, ...]
    z_values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One matrix with its numbers written in it."""

    label: str
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Matrices(Chart):
    """Small matrices side by side, in rows: values and derivatives of operators."""

    rows: tuple[tuple[Panel, ...], ...]
