"""Ranks of variants over conditions: their means, Friedman's test, the critical difference.

A condition is a network and a data set. Each gives every variant one rank, that of its mean over
the seeds: conditions are what is sampled here, seeds are not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import stats

from poolbench.stats.costs import Costs, finite

LEAST_RANKED = 3
"""Conditions below which ranks are not averaged: two may say anything."""

LEAST_TESTED = 8
"""Conditions below which there is no test: Friedman's chi-squared is a poor approximation there."""


@dataclass(frozen=True, kw_only=True)
class RankTestOverConditions:
    """Whether ranks differ over conditions, and which.

    Args:
        name: ``Friedman``, or for two variants ``sign test``.
        p: Of the hypothesis that all variants rank alike.
        is_decided: Whether it is rejected.
        critical_difference: Mean ranks that are this far apart differ; ``None`` for two variants.
        groups: Variants not shown different from one another, by mean rank: every largest group of
            at least two.
    """

    name: str
    p: float
    is_decided: bool
    critical_difference: float | None
    groups: tuple[tuple[str, ...], ...]

    def differ(self, a: str, b: str) -> bool:
        """Whether two variants are shown to differ."""
        return not any(a in group and b in group for group in self.groups)


def ranks_in(costs: Mapping[str, Costs]) -> dict[str, float]:
    """Return the rank of each variant in one condition, from 1 for the best; ties share one.

    Variants are ranked by their mean cost, in exact arithmetic. A diverged run counts as the worst
    finite one; a variant without a finite run ranks behind all that have one.

    Args:
        costs: Costs of each variant, without missing runs; diverged runs are infinite.
    """
    worst = max((float(np.max(finite(c))) for c in costs.values() if len(finite(c))), default=0.0)
    means = {name: _mean(sample, worst) for name, sample in costs.items()}
    levels = {mean: level for level, mean in enumerate(sorted(set(means.values())))}
    ranked = stats.rankdata([levels[mean] for mean in means.values()])
    return dict(zip(means, map(float, ranked), strict=True))


def _mean(sample: Costs, worst: float) -> Fraction | float:
    if not len(finite(sample)):
        return math.inf
    return sum(map(Fraction, np.minimum(sample, worst))) / len(sample)


def mean_ranks_over(ranks: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return each variant's rank averaged over conditions, in the variants' order.

    Args:
        ranks: Of each condition, all with the same variants.
    """
    return {name: math.fsum(each[name] for each in ranks) / len(ranks) for name in ranks[0]}


def compare_ranks(
    ranks: Sequence[Mapping[str, float]], *, alpha: float = 0.05
) -> RankTestOverConditions:
    """Test whether variants rank differently, and say which do (Friedman, then Nemenyi).

    The critical difference holds for all pairs of variants together. Pairs are not tested one by
    one and corrected, because that could decide nothing here: the smallest p of Wilcoxon's test
    over eight conditions is 1/128, which times the ten pairs of five variants is above 0.05.

    Args:
        ranks: Of each condition, all with the same two or more variants.
        alpha: Significance level, in (0, 1).

    References:
        Demsar 2006, "Statistical comparisons of classifiers over multiple data sets".
    """
    means = mean_ranks_over(ranks)
    names = sorted(means, key=means.__getitem__)
    if len(names) == 2:
        first, second = names
        wins = sum(each[first] < each[second] for each in ranks)
        losses = sum(each[first] > each[second] for each in ranks)
        p = float(stats.binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0
        return RankTestOverConditions(
            name="sign test",
            p=p,
            is_decided=p < alpha,
            critical_difference=None,
            groups=() if p < alpha else (tuple(names),),
        )
    k, n = len(names), len(ranks)
    is_level = all(len(set(each.values())) == 1 for each in ranks)
    samples = [[each[name] for each in ranks] for name in names]
    p = 1.0 if is_level else float(stats.friedmanchisquare(*samples).pvalue)
    quantile = float(stats.studentized_range.ppf(1 - alpha, k, math.inf))
    distance = quantile / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n))
    return RankTestOverConditions(
        name="Friedman",
        p=p,
        is_decided=p < alpha,
        critical_difference=distance,
        groups=_groups(names, means, distance) if p < alpha else (tuple(names),),
    )


def _groups(
    names: Sequence[str], means: Mapping[str, float], distance: float
) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    reached = 0
    for start, first in enumerate(names):
        end = start
        while end < len(names) and means[names[end]] - means[first] < distance:
            end += 1
        # One that ends where the one before ended is a part of it.
        if end > reached and end - start > 1:
            found.append(tuple(names[start:end]))
        reached = max(reached, end)
    return tuple(found)
