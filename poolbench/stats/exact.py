"""Exact p-values of rank tests, with and without ties, by counting arrangements.

Under the null hypothesis every assignment of ranks to the two samples, or of signs to the ranks, is
equally likely. The number of assignments for each sum is counted by adding one rank after another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

LARGEST = 50
"""Largest sample with an exact p; beyond, the normal approximation is close enough."""

Counts = NDArray[np.float64]


def rank_sum_p(ranks: NDArray[np.float64], n_first: int) -> float:
    """Return the two-sided p of Mann-Whitney's U: twice the smaller tail, at most 1.

    Args:
        ranks: Ranks in the pooled samples, ties at their mean rank, the first sample's first.
        n_first: Size of the first sample, from 1 to ``len(ranks) - 1``.

    References:
        Streitberg, Roehmel 1986, "Exact distributions for permutation and rank tests".
    """
    doubled = np.rint(2 * ranks).astype(np.int64)
    if int(doubled[:n_first].sum()) * len(ranks) > n_first * int(doubled.sum()):
        doubled = doubled.min() + doubled.max() - doubled  # a small tail is counted, not 1 - large
    seen = int(doubled[:n_first].sum())
    pooled, total = np.sort(doubled), math.comb(len(ranks), n_first)
    below = _count_below(pooled, n_first, seen)
    if 2 * below <= total:
        return 2 * below / total
    above = total - _count_below(pooled, n_first, seen - 1)
    return min(1.0, 2 * min(below, above) / total)


def signed_rank_p(signed: NDArray[np.float64]) -> float:
    """Return the two-sided p of Wilcoxon's signed ranks: twice the smaller tail, at most 1.

    Args:
        signed: Ranks of the absolute differences, ties at their mean rank, with the signs of the
            differences; differences of 0 are left out.
    """
    doubled = np.rint(2 * signed).astype(np.int64)
    seen = int(doubled[doubled > 0].sum())
    if np.array_equal(np.sort(np.abs(doubled)), np.arange(2, 2 * len(doubled) + 1, 2)):
        counts, seen = signed_rank_counts(len(doubled)), seen // 2  # known without ties
    else:
        counts = _sums_of_any(np.abs(doubled))
    total = counts.sum()
    below, above = counts[: seen + 1].sum() / total, counts[seen:].sum() / total
    return float(min(1.0, 2 * min(below, above)))


def _count_below(ranks: NDArray[np.int64], size: int, seen: int) -> float:
    """Return how many subsets of that size have a sum of at most ``seen``.

    The lower and the upper half of the sorted ranks are counted apart, each from its own smallest
    rank, and then put together: that takes a seventh of the time.
    """
    middle = len(ranks) // 2
    halves = ranks[:middle], ranks[middle:]
    least = [int(half[0]) if len(half) else 0 for half in halves]
    steps = [half - start for half, start in zip(halves, least, strict=True)]
    # Without ties all steps are even, and the tables half as long.
    unit = int(np.gcd.reduce(np.concatenate(steps))) or 1
    low, high = (_sums_by_size(tuple((each // unit).tolist()), size) for each in steps)
    below = 0.0
    for j in range(max(0, size - len(halves[1])), min(size, middle) + 1):
        left = (seen - j * least[0] - (size - j) * least[1]) // unit
        if left < 0:
            continue
        first, second = low[j][: left + 1], np.cumsum(high[size - j])
        whole = max(0, left - len(second) + 1)  # sums that leave room for any of the second half
        rest = first[whole:]
        below += float(first[:whole].sum() * second[-1])
        below += float(rest @ second[left - whole - len(rest) + 1 : left - whole + 1][::-1])
    return below


@lru_cache(maxsize=256)
def _sums_by_size(steps: tuple[int, ...], largest: int) -> Counts:
    """Return the number of subsets of each size up to ``largest`` by their sum, from 0.

    Args:
        steps: Sorted whole numbers from 0.
        largest: The largest size.
    """
    size = min(largest, len(steps))
    counts = np.zeros((size + 1, sum(steps[len(steps) - size :]) + 1))
    counts[0, 0] = 1.0
    reached = 0
    for index, step in enumerate(steps):
        rows = min(index + 1, size)
        end = min(reached + step, counts.shape[1] - 1) + 1
        counts[1 : rows + 1, step:end] += counts[:rows, : end - step].copy()
        reached = end - 1
    return counts


def _sums_of_any(ranks: Iterable[int]) -> Counts:
    """Return how many subsets of whatever size have each sum, from 0 to the sum of all."""
    counts = np.ones(1)
    for rank in ranks:
        counts = np.pad(counts, (0, rank)) + np.pad(counts, (rank, 0))
    return counts


@cache
def rank_sum_counts(n_first: int, n_second: int) -> Counts:
    """Return the number of arrangements with each U, from 0 to ``n_first * n_second``, untied."""
    size = n_first
    counts = np.zeros((size + 1, n_first * n_second + 1))
    counts[0, 0] = 1.0
    for rank in range(n_first + n_second):  # U is the sum of ranks from 0, less its least
        for j in range(min(rank + 1, size), 0, -1):
            step = rank - (j - 1)
            counts[j, step:] += counts[j - 1, : counts.shape[1] - step]
    return counts[size].copy()


@cache
def signed_rank_counts(n: int) -> Counts:
    """Return the number of signs with each sum of positive ranks, untied."""
    return _sums_of_any(range(1, n + 1))


@cache
def largest_rejected_u(n_first: int, n_second: int, alpha: float) -> int | None:
    """Return the largest U that rejects at level alpha, without ties; ``None`` if none does."""
    return _largest_rejected(rank_sum_counts(n_first, n_second), alpha)


@cache
def largest_rejected_w(n: int, alpha: float) -> int | None:
    """Return the largest sum of signed ranks that rejects, without ties; ``None`` if none does."""
    return _largest_rejected(signed_rank_counts(n), alpha)


def _largest_rejected(counts: Counts, alpha: float) -> int | None:
    tails = 2 * np.cumsum(counts[: (len(counts) + 1) // 2]) / counts.sum()
    rejected = int(np.searchsorted(tails, alpha))
    return rejected - 1 if rejected else None
