"""Rank correlation with a confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from poolbench.stats.rank_tests import RESAMPLES


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Spearman's rank correlation of n pairs.

    Args:
        rho: In [-1, 1]; NaN if one of the two does not vary.
        ci_low: Lower end of its interval; NaN below four pairs.
        ci_high: Upper end.
        p: Two-sided p of no association, by permutation; exact up to seven pairs.
        n: Number of pairs of finite values.
    """

    rho: float
    ci_low: float
    ci_high: float
    p: float
    n: int


def rank_correlation(
    x: Sequence[float], y: Sequence[float], *, confidence: float = 0.95
) -> Correlation:
    """Return Spearman's rank correlation of two quantities.

    The interval is that of Fisher's z with the variance ``(1 + rho^2 / 2) / (n - 3)``.

    Args:
        x: One value per item; items with a value that is not finite are left out.
        y: One value per item.
        confidence: Level of the interval, in (0, 1).

    References:
        Bonett, Wright 2000, Sample size requirements for estimating Pearson, Kendall and Spearman
        correlations.
    """
    pairs = np.array([x, y], dtype=float)
    a, b = pairs[:, np.isfinite(pairs).all(axis=0)]
    n = len(a)
    if n < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return Correlation(rho=math.nan, ci_low=math.nan, ci_high=math.nan, p=math.nan, n=n)
    rho = float(stats.spearmanr(a, b).statistic)
    low, high = math.nan, math.nan
    if n > 3:
        half = float(stats.norm.ppf((1 + confidence) / 2)) * math.sqrt((1 + rho**2 / 2) / (n - 3))
        # Stay 10^-15 below 1, where z would be infinite.
        z = math.atanh(min(max(rho, -1 + 1e-15), 1 - 1e-15))
        low, high = math.tanh(z - half), math.tanh(z + half)
    return Correlation(rho=rho, ci_low=low, ci_high=high, p=_permutation_p(a, b), n=n)


def _permutation_p(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    ranks, others = stats.rankdata(a), stats.rankdata(b)

    def agreement(x: NDArray[np.float64], axis: int) -> NDArray[np.float64]:  # noqa: ARG001
        return x @ others

    test = stats.permutation_test(
        (ranks,),
        agreement,
        permutation_type="pairings",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=0,
    )
    return float(test.pvalue)
