"""The probability that a run of one variant beats a run of another, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import optimize, stats

from poolbench.stats.shift import Interval

_NEXT_TO_AN_END = 1e-12


def superiority_interval(
    share: float, n_first: int, n_second: int, *, alpha: float = 0.05
) -> Interval | None:
    """Return the interval of ``P(b > a) + P(b = a) / 2`` from its estimate.

    It holds every probability from which the estimate is not further away than its standard error
    there, times the normal quantile. So it never leaves [0, 1], and has a width even where all
    runs of one variant beat all of the other.

    Args:
        share: The estimate ``U / (n_first n_second)``, in [0, 1]; NaN without runs.
        n_first: Runs of one variant.
        n_second: Runs of the other.
        alpha: One minus the confidence, in (0, 1).

    Returns:
        Its ends; ``None`` below two runs of either.

    References:
        Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney
        statistic. Part 2", method 5, with the variance of Hanley and McNeil 1982.
    """
    if min(n_first, n_second) < 2 or math.isnan(share):
        return None
    squared = float(stats.norm.isf(alpha / 2)) ** 2
    more = (n_first + n_second) / 2 - 1

    def excess(p: float) -> float:
        shape = 1 + more * ((1 - p) / (2 - p) + p / (1 + p))
        return (p - share) ** 2 - squared * p * (1 - p) * shape / (n_first * n_second)

    # At 0 and 1 there is no error, so these are always roots; the end that is meant lies inside.
    inside = min(max(share, _NEXT_TO_AN_END), 1 - _NEXT_TO_AN_END)
    low = 0.0 if share == 0 else float(optimize.brentq(excess, 0.0, inside))
    high = 1.0 if share == 1 else float(optimize.brentq(excess, inside, 1.0))
    return low, high


def mean_interval(
    estimates: Sequence[float], intervals: Sequence[Interval | None]
) -> Interval | None:
    """Return the interval of the mean of independent quantities from their own intervals.

    Distances from estimate to end add up as standard errors do, on each side for itself.

    Args:
        estimates: At least one.
        intervals: Of each estimate, at one level.

    Returns:
        Its ends; ``None`` if one of the intervals is.

    Numerics:
        For three conditions of 3 to 30 seeds, simulated from normal distributions, it held the true
        mean probability in 0.88 to 0.96 of cases at a level of 0.95.

    References:
        Zou, Donner 2008, "Construction of confidence limits about effect measures: a general
        approach".
    """
    known = [each for each in intervals if each is not None]
    if len(known) < len(intervals):
        return None
    n = len(estimates)
    mean = math.fsum(estimates) / n
    below = math.hypot(*(e - low for e, (low, _) in zip(estimates, known, strict=True)))
    above = math.hypot(*(high - e for e, (_, high) in zip(estimates, known, strict=True)))
    return mean - below / n, mean + above / n
