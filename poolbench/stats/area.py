"""A curve as one number: the area under it, and where the area of an attack ends."""

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


def lowest_value(values: Sequence[float | None]) -> float | None:
    """Return the lowest point of a curve; ``None`` if a value is missing, NaN if one is NaN."""
    there = [value for value in values if value is not None]
    if len(there) < len(values) or not there:
        return None
    # min() would ignore a NaN that is not first.
    return math.nan if any(map(math.isnan, there)) else min(there)


def last_epsilon(
    norm: str, *, low: float = 0.0, high: float = 1.0, values: int | None = None
) -> float:
    """Return the epsilon from which on an attack could make every image the same grey one.

    The image whose values all are ``(low + high) / 2`` is within this distance of every image, so
    no network can be robust there, and what is left above chance is the attack's failure. One step
    of FGSM changes no image any more from ``max(high, 1 - low)`` on.

    Args:
        norm: Norm of the attack: ``inf`` or ``2``.
        low: Smallest value of the images, in [0, 1].
        high: Largest value of the images, in [0, 1].
        values: Number of values of an image, ``C H W``; only the Euclidean norm needs it.

    Returns:
        ``(high - low) / 2`` in the maximum norm, at most 0.5, and that times ``sqrt(values)`` in
        the Euclidean norm: 14 for MNIST, 27.7 for CIFAR. Infinity where it is not known.
    """
    radius = (high - low) / 2
    if norm == "inf":
        return radius
    if norm == "2" and values is not None:
        return radius * math.sqrt(values)
    return math.inf
