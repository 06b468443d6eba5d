"""The sampling error of an accuracy due to the choice of test images alone."""

from __future__ import annotations

import math


def binomial_error(share: float, images: int) -> float:
    """Return the standard error of a fraction of independent images, ``sqrt(p (1 - p) / n)``.

    Args:
        share: p, in [0, 1]; at one half the error is largest. NaN gives NaN.
        images: n, at least 1.

    Returns:
        A fraction, in [0, 0.5].
    """
    return math.sqrt(share * (1 - share) / images)
