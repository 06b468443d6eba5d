"""The interval of P(A > B), the chance that a run of one variant beats a run of another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import optimize, stats

from poolbench.stats.shift import Interval


def superiority_interval(p: float, n_first: int, n_second: int, *, alpha: float = 0.05) -> Interval:
    """Return a score interval of ``P(A > B) + P(A = B) / 2``, which is never empty at 0 or 1.

    It holds the probabilities ``q`` with ``(p - q)^2 <= z^2 V(q)``; V is the variance of the
    Mann-Whitney statistic where both distributions are exponential, with both sample sizes replaced
    by their mean.

    Args:
        p: Its estimate, in [0, 1].
        n_first: Runs of A, at least 1.
        n_second: Runs of B, at least 1.
        alpha: One minus the confidence, in (0, 1).

    References:
        Hanley, McNeil 1982, "The meaning and use of the area under a receiver operating
        characteristic (ROC) curve"; Newcombe 2006, "Confidence intervals for an effect size measure
        based on the Mann-Whitney statistic. Part 2", method 5.
    """
    z = float(stats.norm.isf(alpha / 2))
    low, below = (_lower_end(each, n_first, n_second, z) for each in (p, 1 - p))
    return low, 1 - below


def _lower_end(p: float, n_first: int, n_second: int, z: float) -> float:
    others = (n_first + n_second) / 2 - 1

    def excess(q: float) -> float:
        spread = 1 + others * ((1 - q) / (2 - q) + q / (1 + q))
        # Both sides are divided by 1 - q, which is also a solution where p = 1.
        distance = 1 - q if p == 1 else (p - q) ** 2 / (1 - q)
        return distance - z**2 * q * spread / (n_first * n_second)

    return float(optimize.brentq(excess, 0.0, p)) if p else 0.0


def mean_interval(estimates: Sequence[float], intervals: Sequence[Interval]) -> Interval:
    """Return the interval of the mean of independent quantities from their own intervals.

    Distances from estimate to end add up as standard errors do, on each side for itself.

    Args:
        estimates: At least one.
        intervals: Of each estimate, at one level.

    Numerics:
        For three conditions of 3 to 30 seeds, simulated from normal distributions, it held the true
        mean probability in 0.88 to 0.96 of cases at a level of 0.95.

    References:
        Zou, Donner 2008, "Construction of confidence limits about effect measures: a general
        approach".
    """
    n = len(estimates)
    mean = math.fsum(estimates) / n
    below = math.hypot(*(e - low for e, (low, _) in zip(estimates, intervals, strict=True)))
    above = math.hypot(*(high - e for e, (_, high) in zip(estimates, intervals, strict=True)))
    return mean - below / n, mean + above / n
