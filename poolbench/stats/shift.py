"""Effect sizes that match the rank tests: by how much, and how often, one variant is larger."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from poolbench.stats.costs import Costs, complete_blocks, differences, present
from poolbench.stats.exact import LARGEST, largest_rejected_u, largest_rejected_w

Interval = tuple[float, float]


def dominance(first: Costs, second: Costs) -> float:
    """Return Cliff's delta, ``P(second > first) - P(second < first)`` over all pairs of runs.

    Args:
        first: Costs, shape ``(n1,)``; diverged runs are larger than all others.
        second: Costs, shape ``(n2,)``.

    Returns:
        In [-1, 1]; NaN when a sample is empty.
    """
    x, y = present(first), present(second)
    if not len(x) or not len(y):
        return math.nan
    ordered = np.sort(x)
    smaller = np.searchsorted(ordered, y, side="left")
    larger = len(x) - np.searchsorted(ordered, y, side="right")
    return int(np.sum(smaller - larger)) / (len(x) * len(y))


def location_shift(
    first: Costs, second: Costs, *, alpha: float = 0.05, paired: bool = False
) -> tuple[float, Interval | None]:
    """Estimate by how much the second sample is shifted against the first (Hodges-Lehmann).

    The estimate is the median of all n1 n2 differences, or of all averages of two paired
    differences. The interval inverts the rank test: it holds the shifts that the test does not
    reject, ``[d(c+1), d(N-c)]`` of the N sorted terms, with c the largest rejected count.

    Args:
        first: Costs, shape ``(n1,)``.
        second: Costs, shape ``(n2,)``.
        alpha: One minus the confidence, in (0, 1).
        paired: Whether seeds are blocks.

    Returns:
        The shift (NaN if a sample is empty) and its interval, which is ``None`` if so few runs
        cannot reject any shift. Ends are infinite if diverged runs reach that far.

    Numerics:
        With ties the closed interval covers at least its level, so p can fall just below alpha
        while the interval ends at zero.

    References:
        Hodges, Lehmann 1963, "Estimates of location based on rank tests".
    """
    if paired:
        blocks = complete_blocks((first, second))
        gaps = differences(blocks[:, 0], blocks[:, 1])
        upper = np.triu_indices(len(gaps))
        # (inf - inf) / 2: opposite divergences cancel, as they do in a signed rank.
        terms = differences(-gaps[upper[0]], gaps[upper[1]]) / 2
        rejected = _rejected_count_paired(len(gaps), alpha)
    else:
        x, y = present(first), present(second)
        terms = differences(x[:, None], y[None, :]).ravel()
        rejected = _rejected_count(len(x), len(y), alpha)
    if not len(terms):
        return math.nan, None
    terms = np.sort(terms)
    low, high = float(terms[(len(terms) - 1) // 2]), float(terms[len(terms) // 2])
    middle = (low + high) / 2
    if rejected is None:
        return middle, None
    return middle, (float(terms[rejected]), float(terms[-1 - rejected]))


def mean_difference(
    first: Costs, second: Costs, *, alpha: float = 0.05, paired: bool = False
) -> Interval | None:
    """Return Welch's interval of ``mean(second) - mean(first)``, or Student's of paired seeds.

    Args:
        first: Costs, shape ``(n1,)``.
        second: Costs, shape ``(n2,)``.
        alpha: One minus the confidence, in (0, 1).
        paired: Whether seeds are blocks.

    Returns:
        The interval; ``None`` below two runs each, if runs diverged, or if nothing varies.

    References:
        Welch 1947, The generalization of "Student's" problem when several different population
        variances are involved.
    """
    if paired:
        blocks = complete_blocks((first, second))
        samples = [differences(blocks[:, 0], blocks[:, 1])]
    else:
        samples = [present(second), present(first)]
    if any(len(x) < 2 or not np.isfinite(x).all() for x in samples):
        return None
    # Squared standard errors of the means; their degrees of freedom are Satterthwaite's.
    errors = [float(np.var(x, ddof=1)) / len(x) for x in samples]
    if not sum(errors):
        return None
    terms = (e**2 / (len(x) - 1) for e, x in zip(errors, samples, strict=True))
    freedom = sum(errors) ** 2 / sum(terms)
    middle = float(np.mean(samples[0])) - (0.0 if paired else float(np.mean(samples[1])))
    half = float(stats.t.isf(alpha / 2, freedom)) * math.sqrt(sum(errors))
    return middle - half, middle + half


def median_interval(values: Sequence[float | None], *, alpha: float = 0.05) -> Interval | None:
    """Return the interval of the median by order statistics: of whatever distribution.

    Args:
        values: One per seed, all finite; ``None`` = missing.
        alpha: One minus the confidence, in (0, 1).

    Returns:
        The interval; ``None`` where so few runs have none: below six at 95 %.
    """
    kept = [value for value in values if value is not None]
    found = stats.quantile_test(kept, p=0.5).confidence_interval(1 - alpha)
    return None if math.isnan(found.low) else (float(found.low), float(found.high))


def _rejected_count(n_first: int, n_second: int, alpha: float) -> int | None:
    if min(n_first, n_second) < 2:
        return None
    if max(n_first, n_second) <= LARGEST:
        return largest_rejected_u(n_first, n_second, alpha)
    spread = math.sqrt(n_first * n_second * (n_first + n_second + 1) / 12)
    # With the continuity correction of the test.
    return _below(n_first * n_second / 2 - 0.5, spread, alpha)


def _rejected_count_paired(n: int, alpha: float) -> int | None:
    if n < 2:
        return None
    if n <= LARGEST:
        return largest_rejected_w(n, alpha)
    return _below(n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24), alpha)


def _below(middle: float, spread: float, alpha: float) -> int:
    """Return the largest whole number that the normal approximation rejects."""
    return math.ceil(middle - float(stats.norm.isf(alpha / 2)) * spread) - 1
