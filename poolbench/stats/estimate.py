"""One variant's values over its seeds, summarised."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import stats

from poolbench.stats.costs import costs_of, finite
from poolbench.stats.scale import Scale


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Mean, spread and interval over the finite runs; NaN where n is too small for one.

    Args:
        mean: Mean of the finite runs; NaN without any.
        std: Sample standard deviation (divisor n - 1); NaN below two finite runs.
        median: Median of the finite runs; NaN without any.
        n: Number of finite runs.
        n_diverged: Number of diverged runs.
        n_missing: Number of runs that were asked for and do not exist.
        ci_low: Lower end of the interval of the mean; NaN below two finite runs.
        ci_high: Upper end.
    """

    mean: float
    std: float
    median: float
    n: int
    n_diverged: int
    n_missing: int
    ci_low: float
    ci_high: float

    @property
    def n_asked(self) -> int:
        """Number of runs that were asked for."""
        return self.n + self.n_diverged + self.n_missing


def estimate(values: Sequence[float | None], *, confidence: float = 0.95) -> Estimate:
    """Summarise one variant's values.

    The interval is Student's, ``mean +- t(n - 1) std / sqrt(n)``: at n = 3 a bootstrap of the mean
    has a coverage of only three in four.

    Args:
        values: One per seed; NaN = diverged, ``None`` = missing.
        confidence: Level of the interval, in (0, 1).

    Returns:
        The estimate; its statistics are over the finite values alone, and the counts show how many.
    """
    scale = Scale(values)
    kept = finite(costs_of(values, scale, lower_is_better=True))
    missing = sum(value is None for value in values)
    n = len(kept)
    # One rounding at the end: equal means are equal floats.
    mean = float(sum(map(Fraction, kept)) / n * scale.unit) if n else math.nan
    std = float(np.std(kept, ddof=1) * float(scale.unit)) if n > 1 else math.nan
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * std / n**0.5 if n > 1 else math.nan
    return Estimate(
        mean=mean,
        std=std,
        median=scale.value(float(np.median(kept))) if n else math.nan,
        n=n,
        n_diverged=len(values) - n - missing,
        n_missing=missing,
        ci_low=mean - half,
        ci_high=mean + half,
    )


def constant_value(values: Sequence[float | None]) -> float:
    """Return the value that all runs share, such as their number of parameters.

    Args:
        values: One per seed; ``None`` = missing.

    Returns:
        The value; NaN if there is none, or if the runs disagree.
    """
    distinct = {value for value in values if value is not None}
    return distinct.pop() if len(distinct) == 1 else math.nan
