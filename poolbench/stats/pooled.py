"""The spread over seeds that variants have in common, for simulations of studies like theirs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, kw_only=True)
class PooledSpread:
    """The spread of a metric over seeds, pooled over variants.

    Args:
        std: Standard deviation, in the metric's unit, from the variances within variants.
        low: Lower end of its 95 % interval (chi-squared, for normal errors).
        high: Upper end.
        freedom: Degrees of freedom: finished runs less variants, at least 1.
        runs: Finished runs of the variants with two or more.
        variants: Number of these variants.
        correlation: Of two variants over the seeds they share, pooled; NaN below three such seeds.
    """

    std: float
    low: float
    high: float
    freedom: int
    runs: int
    variants: int
    correlation: float


def pooled_spread(values: Mapping[str, Sequence[float | None]]) -> PooledSpread | None:
    """Pool the spread of the variants that have one.

    Args:
        values: Per variant, one value a seed; NaN = diverged, ``None`` = missing: neither counts.

    Returns:
        The spread; ``None`` if no variant has two finished runs.
    """
    rows = {name: np.array(row, dtype=np.float64) for name, row in values.items()}
    kept = [row[np.isfinite(row)] for row in rows.values()]
    kept = [row for row in kept if len(row) > 1]
    if not kept:
        return None
    freedom = sum(len(row) - 1 for row in kept)
    squares = sum(float(((row - row.mean()) ** 2).sum()) for row in kept)
    low, high = (math.sqrt(squares / float(stats.chi2.isf(p, freedom))) for p in (0.025, 0.975))
    return PooledSpread(
        std=math.sqrt(squares / freedom),
        low=low,
        high=high,
        freedom=freedom,
        runs=sum(map(len, kept)),
        variants=len(kept),
        correlation=_correlation(list(rows.values())),
    )


def _correlation(rows: Sequence[np.ndarray[tuple[int], np.dtype[np.float64]]]) -> float:
    """Return the covariance over shared seeds by the variance, each summed over all pairs."""
    together = own = 0.0
    for index, x in enumerate(rows):
        for y in rows[index + 1 :]:
            if len(x) != len(y):
                return math.nan
            both = np.isfinite(x) & np.isfinite(y)
            if both.sum() > 2:
                a, b = x[both] - x[both].mean(), y[both] - y[both].mean()
                together += float(a @ b)
                own += float(a @ a + b @ b) / 2
    return together / own if own else math.nan
