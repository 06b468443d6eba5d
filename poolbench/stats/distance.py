"""How far points lie from a curve, and on which side of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from poolbench.stats.estimate import Estimate, estimate


@dataclass(frozen=True, kw_only=True)
class Distance:
    """Distances of points from a curve, upwards; NaN without a point.

    Args:
        signed: Mean over the points of each seed, estimated over the seeds: below 0 if the points
            lie below the curve.
        absolute: Mean distance, whichever the side.
        share_below: Fraction of the points below the curve, in [0, 1].
        n: Number of points.
    """

    signed: Estimate
    absolute: float
    share_below: float
    n: int


def distance_from(curve: Sequence[Sequence[float]], values: Sequence[Sequence[float]]) -> Distance:
    """Return the distances of points from a curve.

    Args:
        curve: Heights of the curve at the points: one row per seed.
        values: Heights of the points, in the same shape; a point with a NaN is left out.
    """
    rows = [
        [value - at for at, value in zip(heights, row, strict=True) if not math.isnan(value - at)]
        for heights, row in zip(curve, values, strict=True)
    ]
    every = [gap for row in rows for gap in row]
    return Distance(
        signed=estimate([statistics.fmean(row) if row else None for row in rows]),
        absolute=statistics.fmean(map(abs, every)) if every else math.nan,
        share_below=sum(gap < 0 for gap in every) / len(every) if every else math.nan,
        n=len(every),
    )
