"""Effect sizes that match the rank tests: by how much, and how often, one variant is larger."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import stats

from poolbench.stats.costs import Costs, complete_blocks, differences, present

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
    return float(np.mean(np.sign(differences(x[:, None], y[None, :]))))


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


@cache
def _rejected_count(n_first: int, n_second: int, alpha: float) -> int | None:
    if min(n_first, n_second) < 2:
        return None
    below = np.arange(1.0, n_second + 1)
    offsets = np.arange(1, n_first + 1) / (n_first + 1)

    def p(count: int) -> float:
        whole, rest = divmod(count, n_second)
        heights = np.array([n_second] * whole + [rest] + [0] * n_first, dtype=float)[:n_first]
        outcome = stats.mannwhitneyu(heights + offsets, below, alternative="two-sided")
        return float(outcome.pvalue)

    return _largest_rejected(p, n_first * n_second // 2, alpha)


@cache
def _rejected_count_paired(n: int, alpha: float) -> int | None:
    if n < 2:
        return None

    def p(count: int) -> float:
        signed, left = -np.arange(1.0, n + 1), count
        for rank in range(n, 0, -1):
            if rank <= left:
                signed[rank - 1], left = rank, left - rank
        return float(stats.wilcoxon(signed).pvalue)

    return _largest_rejected(p, n * (n + 1) // 4, alpha)


def _largest_rejected(p: Callable[[int], float], most: int, alpha: float) -> int | None:
    first_kept = bisect.bisect_left(range(most + 1), True, key=lambda count: p(count) >= alpha)
    return first_kept - 1 if first_kept else None
