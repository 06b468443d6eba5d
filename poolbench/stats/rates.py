"""Rates: the exponent of a power law and its interval over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from poolbench.stats.estimate import estimate


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The exponent of ``y ~ x^exponent``.

    Args:
        exponent: Mean over the seeds of the slope of log y on log x.
        ci_low: Lower end of its interval; NaN below two seeds.
        ci_high: Upper end.
        r_squared: Mean over the seeds of the coefficient of determination of log y, in [0, 1].
        seeds: The slope of each seed.
    """

    exponent: float
    ci_low: float
    ci_high: float
    r_squared: float
    seeds: tuple[float, ...]


def fit_rate(
    x: Sequence[float], y_by_seed: Sequence[Sequence[float]], *, confidence: float = 0.95
) -> Rate:
    """Fit a power law to every seed, and take the interval over their exponents.

    Points of one seed share its data, so the residuals of a line through them do not give the
    error of its slope; seeds are independent, so Student's interval over their slopes does.

    Args:
        x: Positive, at least three, ascending.
        y_by_seed: Positive values at ``x`` of each seed.
        confidence: Level of the interval, in (0, 1).

    Returns:
        The rate; NaN throughout if a value is not positive and finite.
    """
    values = np.asarray(y_by_seed, dtype=float)
    if not (np.isfinite(values).all() and (values > 0).all()):
        nothing = math.nan
        return Rate(exponent=nothing, ci_low=nothing, ci_high=nothing, r_squared=nothing, seeds=())
    lines = [stats.linregress(np.log(x), np.log(row)) for row in values]
    slopes = tuple(float(line.slope) for line in lines)
    over_seeds = estimate(slopes, confidence=confidence)
    return Rate(
        exponent=over_seeds.mean,
        ci_low=over_seeds.ci_low,
        ci_high=over_seeds.ci_high,
        r_squared=float(np.mean([line.rvalue**2 for line in lines])),
        seeds=slopes,
    )
