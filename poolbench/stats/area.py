"""A curve as one number: the area under it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.integrate import trapezoid


def area_under_curve(
    at: Sequence[float], values: Sequence[float | None], *, is_log2: bool = False
) -> float | None:
    """Return the mean height of a curve: its trapezoidal area divided by the range of its settings.

    Args:
        at: Settings, ascending; above 0 with ``is_log2``.
        values: One per setting; ``None`` = missing, NaN = the run or the measurement diverged.
        is_log2: Whether to take the area over the settings' logarithms, as suits sizes.

    Returns:
        The area in the unit of the values; ``None`` if a value is missing or there are fewer
        than two settings, NaN if one is NaN: an area over part of the curve is not comparable.
    """
    if len(at) < 2 or any(value is None for value in values):
        return None
    x = np.log2(at) if is_log2 else np.asarray(at, dtype=np.float64)
    y = np.array([math.nan if value is None else value for value in values], dtype=np.float64)
    return float(trapezoid(y, x) / (x[-1] - x[0]))
