"""Collapsed runs: trained to the end, and hardly better than a guess."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from poolbench.stats.scale import ratio_of


def collapse_level(classes: int) -> Fraction:
    """Return the accuracy below which a run has collapsed.

    Three times that of a guess, or a quarter of the way from a guess to certainty where classes are
    so few that this is less: 30 % of 10 classes, 62.5 % of 2.

    Args:
        classes: Number of equally likely classes, at least 1.

    Returns:
        A fraction in (0, 1].
    """
    guess = Fraction(1, classes)
    return min(3 * guess, guess + (1 - guess) / 4)


def count_collapsed(
    values: Sequence[float | None], level: float | Fraction, *, lower_is_better: bool
) -> int:
    """Return how many runs collapsed; those that diverged or are missing did not.

    Args:
        values: One per seed; NaN = diverged, ``None`` = missing.
        level: Runs that are worse have collapsed; in the unit of the values.
        lower_is_better: Whether smaller values are better.
    """
    bound = ratio_of(level)
    kept = [ratio_of(value) for value in values if value is not None and math.isfinite(value)]
    return sum(value > bound if lower_is_better else value < bound for value in kept)


def unseen_share(n: int, *, confidence: float = 0.95) -> float:
    """Return the largest share of lost runs that n runs without one do not exclude.

    Args:
        n: Number of runs, at least 1.
        confidence: Of the one-sided bound, in (0, 1).
    """
    return float(1 - (1 - confidence) ** (1 / n))
