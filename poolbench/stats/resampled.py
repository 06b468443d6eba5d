"""Means over random folds of one set of images, which overlap and are not independent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from poolbench.stats.shift import Interval


def resampled_interval(
    values: Sequence[float], held_out: float, *, alpha: float = 0.05
) -> Interval | None:
    """Return the interval of a mean over random folds, by the corrected resampled t.

    The training images of two folds overlap, so the variance of the mean is not ``s^2 / n`` but
    about ``(1 / n + q / (1 - q)) s^2``, with q the share held out.

    Args:
        values: One per fold, all finite.
        held_out: Share q of the images that each fold holds out, in (0, 1).
        alpha: One minus the confidence, in (0, 1).

    Returns:
        The interval; ``None`` below two folds.

    References:
        Nadeau, Bengio 2003, Inference for the generalization error.
    """
    n = len(values)
    if n < 2:
        return None
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    error = spread * math.sqrt(1 / n + held_out / (1 - held_out))
    half = float(stats.t.isf(alpha / 2, n - 1)) * error
    return mean - half, mean + half
