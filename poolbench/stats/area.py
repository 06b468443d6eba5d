"""A curve as one number: the area under it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy.integrate import trapezoid

from poolbench.stats.scale import ratio_of


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
    heights = [value for value in values if value is not None]
    if any(map(math.isnan, heights)):
        return math.nan
    if is_log2:
        x = np.log2(at)
        return float(trapezoid(heights, x) / (x[-1] - x[0]))
    # One rounding at the end: equal areas of counts over epsilons are equal floats.
    points = [(ratio_of(x), ratio_of(y)) for x, y in zip(at, heights, strict=True)]
    area = sum((b - a) * (y + z) / 2 for (a, y), (b, z) in itertools.pairwise(points))
    return float(area / (points[-1][0] - points[0][0]))
