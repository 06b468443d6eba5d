"""The interval of a median, from the ranks of the values alone."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import quantile_test

CONFIDENCE = 0.95


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of a median that asks nothing of the values' distribution.

    Args:
        values: At least 7: fewer cannot reach the confidence on both sides.
    """
    interval = quantile_test(values, q=1.0, p=0.5).confidence_interval(CONFIDENCE)
    return float(interval.low), float(interval.high)
