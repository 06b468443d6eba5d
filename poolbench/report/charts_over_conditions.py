"""Charts of several conditions: shifts with their intervals, and mean ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolbench.report.chart import Axis, Chart


@dataclass(frozen=True, kw_only=True)
class ForestRow:
    """An estimate with its interval; ``None`` for none, and infinite ends reach the border."""

    label: str
    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class ForestGroup:
    """Rows below a heading."""

    label: str
    rows: tuple[ForestRow, ...]


@dataclass(frozen=True, kw_only=True)
class Forest(Chart):
    """Estimates with their intervals below one another, against zero.

    Args:
        x: The axis along which they lie.
        groups: Groups of rows, from the top.
        margin: Half width of the band around zero that counts as no difference; 0 for none.
    """

    x: Axis
    groups: tuple[ForestGroup, ...]
    margin: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RankLine(Chart):
    """Mean ranks along a line, with bars over those that are not shown to differ.

    Args:
        x: The axis, from rank 1.
        ranks: Mean rank by name.
        groups: Names that a bar joins.
        critical_difference: Its length is drawn above the line; ``None`` for none.
    """

    x: Axis
    ranks: Mapping[str, float]
    groups: tuple[tuple[str, ...], ...]
    critical_difference: float | None = None
