"""Permutation p of the rank tests of several variants, where seeds are too few for chi-squared.

What is compared is the spread of the rank sums, on which the statistics of Kruskal and Wallis and
of Friedman depend alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 9_999

Numbers = NDArray[np.float64]
_Orders = NDArray[np.unsignedinteger]
_LARGEST_KEPT = 512


def permutation_p(groups: Sequence[Numbers], *, is_within_seeds: bool) -> float:
    """Return p over all arrangements if they are few, else over random ones (fixed seed).

    Args:
        groups: Ranks of each variant's runs.
        is_within_seeds: Whether ranks are exchanged within a seed, as for Friedman's test.

    Returns:
        In (0, 1]; at least ``1 / (RESAMPLES + 1)`` for random arrangements.
    """
    sizes = tuple(len(group) for group in groups)
    if arrangements(sizes, is_within_seeds=is_within_seeds) <= RESAMPLES:
        return _enumerated(groups, is_within_seeds=is_within_seeds)
    seen = _spread(np.array([[float(np.sum(group)) for group in groups]]), sizes)[0]
    null = _null(groups, is_within_seeds=is_within_seeds)
    # Sums of halves are exact, quotients by unequal sizes are not.
    return float((1 + np.sum(null >= seen * (1 - 1e-12))) / (RESAMPLES + 1))


def arrangements(sizes: Sequence[int], *, is_within_seeds: bool) -> float:
    """Return how many arrangements of the ranks there are; infinity for more than floats hold."""
    if is_within_seeds:
        logarithm = sizes[0] * math.lgamma(len(sizes) + 1)
    else:
        logarithm = math.lgamma(sum(sizes) + 1) - sum(math.lgamma(n + 1) for n in sizes)
    return round(math.exp(logarithm)) if logarithm < 40 else math.inf


@lru_cache(maxsize=32)
def untied_spreads(variants: int, seeds: int, *, is_within_seeds: bool) -> Numbers:
    """Return the sorted spreads of the rank sums of equal variants without ties, at random."""
    if is_within_seeds:
        groups = list(np.tile(np.arange(1.0, variants + 1), (seeds, 1)).T)
    else:
        groups = np.split(np.arange(1.0, variants * seeds + 1), variants)
    return np.sort(_null(groups, is_within_seeds=is_within_seeds))


def _spread(sums: Numbers, sizes: Sequence[int]) -> Numbers:
    found: Numbers = (sums**2 / np.array(sizes)).sum(axis=-1)
    return found


def _null(groups: Sequence[Numbers], *, is_within_seeds: bool) -> Numbers:
    sizes = [len(group) for group in groups]
    if is_within_seeds:
        orders = _orders_within(sizes[0], len(sizes))
        ranks = np.broadcast_to(np.sort(np.column_stack(groups), axis=1), orders.shape)
        return _spread(np.take_along_axis(ranks, orders, axis=2).sum(axis=1), sizes)
    pooled = np.sort(np.concatenate(groups))  # so that p is the same in whatever order runs come
    starts = np.cumsum([0, *sizes[:-1]])
    draw = _kept_orders if len(pooled) <= _LARGEST_KEPT else _orders
    parts = [np.add.reduceat(pooled[part], starts, axis=1) for part in draw(len(pooled))]
    return _spread(np.concatenate(parts), sizes)


def _orders(runs: int) -> tuple[_Orders, ...]:
    """Return random orders of the runs, in parts that fit into memory."""
    random = np.random.default_rng(0)
    rows = np.tile(np.arange(runs, dtype=np.uint32), (RESAMPLES, 1))
    return tuple(np.array_split(random.permuted(rows, axis=1), 1 + runs // _LARGEST_KEPT))


_kept_orders = lru_cache(maxsize=32)(_orders)


@lru_cache(maxsize=32)
def _orders_within(seeds: int, variants: int) -> _Orders:
    random = np.random.default_rng(0)
    rows = np.broadcast_to(np.arange(variants, dtype=np.uint16), (RESAMPLES, seeds, variants))
    return random.permuted(rows, axis=2)


def _enumerated(groups: Sequence[Numbers], *, is_within_seeds: bool) -> float:
    def between(*samples: Numbers, axis: int = -1) -> Numbers:
        total: Numbers = sum(np.sum(x, axis=axis) ** 2 / x.shape[axis] for x in samples)
        return total

    outcome = stats.permutation_test(
        tuple(groups),
        between,
        permutation_type="samples" if is_within_seeds else "independent",
        vectorized=True,
        n_resamples=RESAMPLES,
        alternative="greater",
        rng=np.random.default_rng(0),
    )
    return float(outcome.pvalue)
