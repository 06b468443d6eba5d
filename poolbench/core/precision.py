"""Measured rounding errors of LogAvgExp by formula and precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Quantity = Literal["value", "derivative", "slope"]
"""The pooled value, and its derivatives with respect to the elements and to log t."""


@dataclass(frozen=True, kw_only=True)
class WayErrors:
    """Errors of one way to calculate LogAvgExp.

    Args:
        formula: ``textbook`` or ``stable``.
        dtype: ``float16``, ``float32`` or ``float64``.
        errors: Relative error of each quantity per temperature; at 1 or more no information is
            left. Root mean square errors: of the values over the standard deviation of the true
            ones, of the derivatives with respect to the elements over that of setting all to 1/n,
            of the derivative with respect to log t over the root mean square of the true one.
    """

    formula: str
    dtype: str
    errors: Mapping[Quantity, tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class PrecisionErrors:
    """Errors of every way to calculate LogAvgExp on the same maps.

    Args:
        maps: Number of maps pooled.
        side_px: Their height and width.
        temperatures: Ascending, in the units of the maps.
        ways: Each formula in each precision; the last is the reference.
    """

    maps: int
    side_px: int
    temperatures: tuple[float, ...]
    ways: tuple[WayErrors, ...]
