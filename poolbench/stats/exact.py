"""Exact p-values of rank tests, with and without ties, by counting arrangements.

Under the null hypothesis every assignment of ranks to the two samples, or of signs to the ranks, is
equally likely. The number of assignments for each sum is counted by adding one rank after another.
"""

from __future__ import annotations

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
    seen = int(doubled[:n_first].sum())
    return _two_sided(_sums_of_subsets(tuple(sorted(doubled.tolist())), n_first), seen)


def signed_rank_p(signed: NDArray[np.float64]) -> float:
    """Return the two-sided p of Wilcoxon's signed ranks: twice the smaller tail, at most 1.

    Args:
        signed: Ranks of the absolute differences, ties at their mean rank, with the signs of the
            differences; differences of 0 are left out.
    """
    doubled = np.rint(2 * signed).astype(np.int64)
    counts = _sums_of_any(np.abs(doubled))
    return _two_sided(counts, int(doubled[doubled > 0].sum()))


def _sums_of_any(ranks: Iterable[int]) -> Counts:
    """Return how many subsets of whatever size have each sum, from 0 to the sum of all."""
    counts = np.ones(1)
    for rank in ranks:
        counts = np.pad(counts, (0, rank)) + np.pad(counts, (rank, 0))
    return counts


@lru_cache(maxsize=64)  # a table asks for the same ranks a few times; with ties, few others do
def _sums_of_subsets(doubled: tuple[int, ...], size: int) -> Counts:
    """Return the number of subsets of that size by their sum, from 0 to the largest."""
    counts = np.zeros((size + 1, sum(doubled[-size:]) + 1))
    counts[0, 0] = 1.0
    for rank in doubled:
        counts[1:, rank:] += counts[:-1, : counts.shape[1] - rank]
    return counts[size].copy()  # not a view, which would keep every smaller size in memory


def _two_sided(counts: Counts, seen: int) -> float:
    total = counts.sum()
    below, above = counts[: seen + 1].sum() / total, counts[seen:].sum() / total
    return float(min(1.0, 2 * min(below, above)))


@cache
def largest_rejected_u(n_first: int, n_second: int, alpha: float) -> int | None:
    """Return the largest U that rejects at level alpha, without ties; ``None`` if none does."""
    ranks = tuple(range(2, 2 * (n_first + n_second) + 1, 2))
    counts = _sums_of_subsets(ranks, n_first)[n_first * (n_first + 1) :: 2]
    return _largest_rejected(counts, alpha)


@cache
def largest_rejected_w(n: int, alpha: float) -> int | None:
    """Return the largest sum of signed ranks that rejects, without ties; ``None`` if none does."""
    return _largest_rejected(_sums_of_any(range(1, n + 1)), alpha)


def _largest_rejected(counts: Counts, alpha: float) -> int | None:
    tails = 2 * np.cumsum(counts[: (len(counts) + 1) // 2]) / counts.sum()
    rejected = int(np.searchsorted(tails, alpha))
    return rejected - 1 if rejected else None
