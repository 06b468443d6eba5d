"""Rank tests with a method that keeps p valid at small n and with ties.

Two samples of up to fifty runs have an exact p, ties included. scipy's automatic choice is the
normal approximation as soon as two values tie, which gives a p below what so few runs can reach
(three equal values against three other equal ones: 0.047, where the exact minimum is 0.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from poolbench.stats.costs import Costs, complete_blocks, differences, is_constant, present
from poolbench.stats.exact import LARGEST, rank_sum_p, signed_rank_p
from poolbench.stats.floor import smallest_p, smallest_p_paired
from poolbench.stats.permutations import RESAMPLES, permutation_p

SMALL = 8


@dataclass(frozen=True, kw_only=True)
class RankTest:
    """The result of a rank test.

    Args:
        name: Name of the test in the literature.
        method: How p was computed: ``exact``, ``auto``, ``permutation``,
            ``asymptotic``, or ``none``.
        p: Two-sided; ``None`` if there is no test: of so few runs, or of samples that each gave
            one value, as they do where the seed is not applied.
        smallest_p: The smallest p that this number of runs can reach.
        ties: Whether there are ties.
        excess: For two samples only: positive if the second tends to cost more.
        mean_ranks: Of each variant, where several are tested together.
    """

    name: str
    method: str
    p: float | None
    smallest_p: float
    ties: bool
    excess: float = 0.0
    mean_ranks: tuple[float, ...] = ()


def rank_test_of_two(
    first: Costs, second: Costs, *, paired: bool = False, trust_auto: bool = False
) -> RankTest:
    """Test whether one variant's costs tend to be larger than another's.

    Args:
        first: Costs, shape ``(n1,)``.
        second: Costs, shape ``(n2,)``; in the same order of seeds as ``first`` if paired.
        paired: Whether to use Wilcoxon's signed-rank test over the seeds both have, instead of
            Mann-Whitney's U.
        trust_auto: Whether to leave ties in small samples to scipy, as published tables did.

    Returns:
        The test; without p for a single run.
    """
    if paired:
        is_frozen = _are_frozen((first, second))
        return _signed_rank(complete_blocks((first, second)), is_frozen=is_frozen)
    x, y = present(first), present(second)
    n = min(len(x), len(y))
    name, floor = "Mann-Whitney U", smallest_p(len(x), len(y))
    ranks = stats.rankdata(np.concatenate((x, y)))
    ties = len(np.unique(ranks)) < len(ranks)
    x, y = ranks[: len(x)], ranks[len(x) :]
    if n < 2 or (_are_frozen((first, second)) and not trust_auto):
        return RankTest(name=name, method="none", p=None, smallest_p=floor, ties=ties)
    excess = float(np.mean(y) - np.mean(x))
    if np.ptp(ranks) == 0:
        return RankTest(name=name, method="auto", p=1.0, smallest_p=floor, ties=True)
    if trust_auto or max(len(x), len(y)) > LARGEST:
        method: Any = "auto" if trust_auto else "asymptotic"
        p = float(stats.mannwhitneyu(x, y, alternative="two-sided", method=method).pvalue)
    else:
        method, p = "exact", rank_sum_p(ranks, len(x))
    return RankTest(name=name, method=method, p=p, smallest_p=floor, ties=ties, excess=excess)


def rank_test_of_all(
    samples: Sequence[Costs], *, paired: bool = False, trust_auto: bool = False
) -> RankTest:
    """Test whether any of several variants differs from the others.

    Kruskal-Wallis over independent seeds, Friedman over shared ones; below eight seeds p comes
    from permutations (fixed random state), because chi-squared is not yet a good approximation.

    Args:
        samples: Costs of each variant, at least two runs each; two variants are passed to
            :func:`rank_test_of_two`.
        paired: Whether seeds are blocks.
        trust_auto: As of :func:`rank_test_of_two`; three samples or more leave nothing to scipy.
    """
    if len(samples) == 2:
        return rank_test_of_two(samples[0], samples[1], paired=paired, trust_auto=trust_auto)
    if paired:
        blocks = complete_blocks(samples)
        name, floor = "Friedman", smallest_p_paired(len(blocks), len(samples))
        if len(blocks) < 2:
            return RankTest(name=name, method="none", p=None, smallest_p=floor, ties=False)
        ranked = stats.rankdata(blocks, axis=1)
        groups = list(ranked.T)
        ties = any(len(np.unique(row)) < len(row) for row in ranked)
        constant = bool(np.all(np.ptp(ranked, axis=1) == 0))
    else:
        kept = [present(sample) for sample in samples]
        name, floor = "Kruskal-Wallis", smallest_p(*(len(sample) for sample in kept))
        ranks = stats.rankdata(np.concatenate(kept))
        groups = np.split(ranks, np.cumsum([len(sample) for sample in kept])[:-1])
        ties = len(np.unique(ranks)) < len(ranks)
        constant = bool(np.ptp(ranks) == 0)
    if constant:
        return RankTest(name=name, method="auto", p=1.0, smallest_p=floor, ties=True)
    if _are_frozen(samples):
        return RankTest(name=name, method="none", p=None, smallest_p=floor, ties=True)
    if min(len(group) for group in groups) < SMALL:
        p, method = permutation_p(groups, is_within_seeds=paired), "permutation"
        floor = max(floor, 1 / (RESAMPLES + 1))
    else:
        function = stats.friedmanchisquare if paired else stats.kruskal
        p, method = float(function(*groups).pvalue), "asymptotic"
    return RankTest(name=name, method=method, p=p, smallest_p=floor, ties=ties)


def mean_ranks(samples: Sequence[Costs], *, paired: bool = False) -> list[float]:
    """Return each variant's mean rank among all runs, or within the shared seeds when paired."""
    if paired:
        return [float(r) for r in stats.rankdata(complete_blocks(samples), axis=1).mean(axis=0)]
    kept = [present(sample) for sample in samples]
    ranks = stats.rankdata(np.concatenate(kept))
    bounds = np.cumsum([len(sample) for sample in kept])[:-1]
    return [float(np.mean(group)) for group in np.split(ranks, bounds)]


def _are_frozen(samples: Sequence[Costs]) -> bool:
    """Whether every sample gave one value, and not all the same: nothing varies by chance."""
    return all(map(is_constant, samples)) and len({float(present(s)[0]) for s in samples}) > 1


def _signed_rank(blocks: Costs, *, is_frozen: bool) -> RankTest:
    name, floor = "Wilcoxon signed-rank", smallest_p_paired(len(blocks))
    gaps = differences(blocks[:, 0], blocks[:, 1])
    sizes = np.abs(gaps)
    ties = len(np.unique(sizes)) < len(sizes) or bool(np.any(gaps == 0))
    if len(blocks) < 2 or is_frozen:
        return RankTest(name=name, method="none", p=None, smallest_p=floor, ties=ties)
    if not np.any(gaps):
        return RankTest(name=name, method="auto", p=1.0, smallest_p=floor, ties=True)
    # Only the ranks of the magnitudes count, and unlike +-inf they can be summed.
    signed = np.sign(gaps) * stats.rankdata(sizes)
    kept = signed[signed != 0]
    if len(kept) <= LARGEST:
        method, p = "exact", signed_rank_p(np.sign(kept) * stats.rankdata(np.abs(kept)))
    else:
        method, p = "asymptotic", float(stats.wilcoxon(signed, method="asymptotic").pvalue)
    return RankTest(
        name=name, method=method, p=p, smallest_p=floor, ties=ties, excess=float(np.sum(signed))
    )
