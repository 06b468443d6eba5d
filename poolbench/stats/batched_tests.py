"""Rank tests of many studies at once: p by tables of the untied tests, and how far it can be off.

A simulation asks only on which side of a level p lies. Far from the level these quick p tell; near
it, ``stats.simulated`` asks the exact test. Every array has one row for each test.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from poolbench.stats.exact import LARGEST, rank_sum_counts, signed_rank_counts
from poolbench.stats.permutations import RESAMPLES, arrangements, untied_spreads
from poolbench.stats.rank_tests import SMALL

Numbers = NDArray[np.float64]

_ROUNDED = 1 + 1e-9  # of what is equal but for rounding
_MANY = 20  # seeds from which on ties matter less


@dataclass(frozen=True, kw_only=True)
class Quick:
    """Results of many tests.

    Args:
        p: Two-sided, shape ``(tests,)``.
        factor: The exact p is within ``p / factor`` and ``p * factor``; 1 if p is exact, infinite
            if only the exact test can tell.
        mean_ranks: Of each variant, shape ``(tests, variants)``.
    """

    p: Numbers
    factor: Numbers
    mean_ranks: Numbers


def two_samples(first: Numbers, second: Numbers) -> Quick:
    """Return Mann-Whitney's tests of rows, shapes ``(tests, seeds)``."""
    seeds = first.shape[1]
    runs = 2 * seeds
    ranks = stats.rankdata(np.concatenate((first, second), axis=1), axis=1)
    sums = ranks[:, :seeds].sum(axis=1)
    spread = ((ranks - (runs + 1) / 2) ** 2).sum(axis=1)
    untied = runs * (runs**2 - 1) / 12
    u = sums - seeds * (seeds + 1) / 2
    distance = np.abs(u - seeds**2 / 2)
    deviation = np.sqrt(seeds**2 / (runs * (runs - 1)) * spread)
    means = np.stack((sums, ranks.sum(axis=1) - sums), axis=1) / seeds
    if seeds > LARGEST:
        with np.errstate(divide="ignore"):
            p = 2 * stats.norm.sf((distance - 0.5) / deviation)
        return Quick(
            p=np.minimum(p, 1.0), factor=_of_frozen(first, second, _ROUNDED), mean_ranks=means
        )
    scaled = distance * np.sqrt(untied / np.maximum(spread, 1e-12))
    p = _tail(rank_sum_counts(seeds, seeds), scaled)
    factor = _of_ties(spread, untied, seeds, paired=False)
    return Quick(p=p, factor=_of_frozen(first, second, factor), mean_ranks=means)


def paired_samples(first: Numbers, second: Numbers) -> Quick:
    """Return Wilcoxon's signed-rank tests of rows, shapes ``(tests, seeds)``."""
    gaps = second - first
    zeros = (gaps == 0).sum(axis=1)
    ranks = np.where(gaps == 0, 0.0, stats.rankdata(np.abs(gaps), axis=1) - zeros[:, None])
    kept = gaps.shape[1] - zeros
    positive = (ranks * (gaps > 0)).sum(axis=1)
    distance = np.abs(positive - ranks.sum(axis=1) / 2)
    squares = (ranks**2).sum(axis=1)
    untied = kept * (kept + 1) * (2 * kept + 1) / 6
    p = np.ones(len(gaps))
    factor = _of_ties(squares, untied, gaps.shape[1], paired=True)
    for n in np.unique(kept[kept > 0]):
        rows = kept == n
        if n > LARGEST:
            p[rows] = 2 * stats.norm.sf(distance[rows] / np.sqrt(squares[rows] / 4))
            continue
        scaled = distance[rows] * np.sqrt(untied[rows] / squares[rows])
        p[rows] = _tail(signed_rank_counts(int(n)), scaled)
    second_is_more = (gaps > 0).sum(axis=1) + zeros / 2
    share = second_is_more / gaps.shape[1]
    return Quick(
        p=p,
        factor=_of_frozen(first, second, factor),
        mean_ranks=np.stack((2 - share, 1 + share), axis=1),
    )


def several_samples(codes: NDArray[np.intp], *, levels: int) -> Quick:
    """Return Kruskal-Wallis tests.

    Args:
        codes: Costs as whole numbers from 0, equal where costs are, shape
            ``(tests, variants, seeds)``.
        levels: One more than the largest code.
    """
    tests, variants, seeds = codes.shape
    runs = variants * seeds
    rows = np.arange(tests)[:, None] * levels + codes.reshape(tests, runs)
    counts = np.bincount(rows.ravel(), minlength=tests * levels).reshape(tests, levels)
    at_level = np.cumsum(counts, axis=1) - (counts - 1) / 2
    sums = at_level.ravel()[rows].reshape(codes.shape).sum(axis=2)
    spread = (counts * (at_level - (runs + 1) / 2) ** 2).sum(axis=1)
    between = ((sums - seeds * (runs + 1) / 2) ** 2).sum(axis=1) / seeds
    statistic = (runs - 1) * _ratio(between, spread)
    untied = runs * (runs**2 - 1) / 12
    equivalent = statistic * untied / (runs - 1) + runs * (runs + 1) ** 2 / 4
    lost = 1 - spread / untied
    return _several(statistic, equivalent, lost, sums / seeds, seeds, is_within_seeds=False)


def several_within_seeds(costs: Numbers) -> Quick:
    """Return Friedman's tests of costs, shape ``(tests, variants, seeds)``."""
    tests, variants, seeds = costs.shape
    within = costs.transpose(0, 2, 1).reshape(tests * seeds, variants)
    ranks = stats.rankdata(within, axis=1).reshape(tests, seeds, variants)
    sums = ranks.sum(axis=1)
    middle = (variants + 1) / 2
    between = ((sums - seeds * middle) ** 2).sum(axis=1) / seeds
    spread = ((ranks - middle) ** 2).sum(axis=(1, 2))
    statistic = seeds * (variants - 1) * _ratio(between, spread)
    untied = seeds * variants * (variants**2 - 1) / 12
    equivalent = statistic * untied / (seeds * (variants - 1)) + seeds * variants * middle**2
    lost = 1 - spread / untied
    return _several(statistic, equivalent, lost, sums / seeds, seeds, is_within_seeds=True)


def _several(
    statistic: Numbers,
    equivalent: Numbers,
    lost: Numbers,
    mean_ranks: Numbers,
    seeds: int,
    *,
    is_within_seeds: bool,
) -> Quick:
    variants = mean_ranks.shape[1]
    if seeds >= SMALL:
        p, factor = stats.chi2.sf(statistic, variants - 1), np.full(lost.shape, _ROUNDED)
    else:
        null = untied_spreads(variants, seeds, is_within_seeds=is_within_seeds)
        larger = len(null) - np.searchsorted(null, equivalent * (1 - 1e-12))
        p = (1 + larger) / (RESAMPLES + 1)
        if arrangements([seeds] * variants, is_within_seeds=is_within_seeds) <= RESAMPLES:
            factor = np.full(lost.shape, 5.0)  # of few arrangements, all are counted
        else:
            tied = 1.15 + 60 / (variants * seeds) ** 1.5 + 2 * lost
            factor = np.where(lost < 1e-9, _ROUNDED, tied)
    nothing_varies = np.isnan(statistic)
    return Quick(
        p=np.where(nothing_varies, 1.0, p),
        factor=np.where(nothing_varies, np.inf, factor),
        mean_ranks=mean_ranks,
    )


def _of_frozen(first: Numbers, second: Numbers, factor: Numbers | float) -> Numbers:
    """Return the factors, infinite where each sample is constant: there may be no test."""
    frozen = (np.ptp(first, axis=1) == 0) & (np.ptp(second, axis=1) == 0)
    return np.where(frozen, np.inf, factor)


def _of_ties(spread: Numbers, untied: Numbers, seeds: int, *, paired: bool) -> Numbers:
    """Return by what factor ties, which take away from the spread of the ranks, move p at most.

    Twice what they did in simulated studies of 3 to 50 seeds: see tests/stats/test_simulated.py.
    """
    lost = 1 - spread / np.maximum(untied, 1)
    own, each = (60 / seeds**2, 200) if seeds >= _MANY and not paired else (8 / seeds, 400)
    return np.where(spread == untied, _ROUNDED, 1 + own + each * lost / seeds)


def _ratio(a: Numbers, b: Numbers) -> Numbers:
    return np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 1e-9)


def _tail(counts: Numbers, distance: Numbers) -> Numbers:
    """Return twice the tail beyond a distance from the middle, between steps in proportion."""
    tails = _tails(counts.tobytes())
    middle = (len(counts) - 1) / 2
    position = np.clip(middle - distance, 0.0, middle)
    low = np.floor(position + 1e-9).astype(np.intp)
    share = np.maximum(position - low, 0.0)
    logs = tails[low] * (1 - share) + tails[np.minimum(low + 1, len(tails) - 1)] * share
    return np.minimum(1.0, np.exp(logs))


@cache
def _tails(counts: bytes) -> Numbers:
    numbers = np.frombuffer(counts)
    return np.log(2 * np.cumsum(numbers) / numbers.sum())
