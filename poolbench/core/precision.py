"""What LogAvgExp loses by formula and precision: what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Quantity = Literal["value", "derivative", "slope"]
"""The pooled value, its derivatives by the elements, its derivative by log t."""


@dataclass(frozen=True, kw_only=True)
class WayErrors:
    """How wrong one way to calculate LogAvgExp is.

    Args:
        formula: ``textbook`` or ``stable``.
        dtype: ``float16``, ``float32`` or ``float64``.
        errors: Of each quantity, one a temperature, in units of what there is to tell apart: from
            1 on nothing is left. Root mean squares, of a value over the standard deviation of the
            true ones, of a derivative by the elements over the error of calling all of them 1/n,
            and of the derivative by log t over the true one.
    """

    formula: str
    dtype: str
    errors: Mapping[Quantity, tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class PrecisionErrors:
    """What was calculated, and how wrong each way to do it is.

    Args:
        maps: How many were pooled.
        side_px: Their height and width.
        temperatures: Rising, in the units of the maps.
        ways: Each formula in each precision; the last is the one held to be true.
    """

    maps: int
    side_px: int
    temperatures: tuple[float, ...]
    ways: tuple[WayErrors, ...]
