"""Rank correlation with a confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from poolbench.stats.permutations import RESAMPLES

Values = Sequence[float] | NDArray[np.float64]

FEWEST = 8
"""Fewest pairs with an interval; below, none covers a high correlation nine times in ten."""


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Spearman's rank correlation of n pairs.

    Args:
        rho: In [-1, 1]; NaN if one of the two does not vary.
        ci_low: Lower end of its interval; NaN below :data:`FEWEST` pairs.
        ci_high: Upper end.
        p: Two-sided p of no association, by permutation; exact up to seven pairs.
        n: Number of pairs of finite values.
    """

    rho: float
    ci_low: float
    ci_high: float
    p: float
    n: int


def rank_correlation(x: Values, y: Values, *, confidence: float = 0.95) -> Correlation:
    """Return Spearman's rank correlation of two quantities.

    The interval reaches as far as either of two do: the percentile bootstrap over items (fixed
    random state), and Fisher's z with the variance ``(1 + rho^2 / 2) / (n - 3)``, for which a
    perfect order counts as one with two neighbours exchanged. By itself the first covers too
    little where few items are in perfect order, the second where the correlation is high.

    Args:
        x: One value per item; items with a value that is not finite are left out.
        y: One value per item.
        confidence: Level of the interval, in (0, 1).

    References:
        Bonett, Wright 2000, Sample size requirements for estimating Pearson, Kendall and Spearman
        correlations.
    """
    a, b = _complete(x, y)
    rho, n = spearman_rho(a, b), len(a)
    if math.isnan(rho):
        return Correlation(rho=rho, ci_low=math.nan, ci_high=math.nan, p=math.nan, n=n)
    low, high = _interval(a, b, rho, confidence) if n >= FEWEST else (math.nan, math.nan)
    return Correlation(rho=rho, ci_low=low, ci_high=high, p=_permutation_p(a, b), n=n)


def spearman_rho(x: Values, y: Values) -> float:
    """Return Spearman's rho alone, without the resampling behind its interval and p.

    Args:
        x: One value per item; items with a value that is not finite are left out.
        y: One value per item.

    Returns:
        In [-1, 1]; NaN if one of the two does not vary.
    """
    a, b = _complete(x, y)
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    return float(stats.spearmanr(a, b).statistic)


def _complete(x: Values, y: Values) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pairs = np.array([x, y], dtype=float)
    a, b = pairs[:, np.isfinite(pairs).all(axis=0)]
    return a, b


def _interval(
    a: NDArray[np.float64], b: NDArray[np.float64], rho: float, confidence: float
) -> tuple[float, float]:
    n = len(a)
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    most = 1 - 12 / (n * (n**2 - 1))
    near = min(max(rho, -most), most)
    half = float(stats.norm.ppf(tails[1])) * math.sqrt((1 + near**2 / 2) / (n - 3))
    low, high = math.tanh(math.atanh(near) - half), math.tanh(math.atanh(near) + half)
    chosen = np.random.default_rng(0).integers(n, size=(RESAMPLES, n))
    x, y = (stats.rankdata(sample[chosen], axis=1) - (n + 1) / 2 for sample in (a, b))
    spread = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    varied = spread > 0  # a resample of one item alone has no order
    again = (x * y).sum(axis=1)[varied] / spread[varied]
    first, last = np.quantile(again, tails)
    return min(low, rho, float(first)), max(high, rho, float(last))


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
