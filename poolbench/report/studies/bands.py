"""Values over seeds as curves with bands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from poolbench.report.chart import Curve
from poolbench.stats import estimate

BAND = "curve: mean over the seeds; band: ± standard error of the mean"


def curve_over_seeds(
    label: str, x: Sequence[float], values: Iterable[Sequence[float | None]]
) -> Curve:
    """Return the mean over seeds with a band of one standard error each way.

    Args:
        label: Label in the legend.
        x: Ascending values.
        values: For each x, one value per seed: NaN = diverged, ``None`` = missing; neither is in
            the mean, and an x without any other value is a gap.

    Returns:
        The curve; without a band if no x has two seeds.
    """
    estimates = [estimate(row) for row in values]
    errors = [e.std / math.sqrt(e.n) if e.n else math.nan for e in estimates]
    has_band = not all(map(math.isnan, errors))
    means = [e.mean for e in estimates]
    return Curve(
        label=label,
        x=tuple(x),
        y=tuple(means),
        low=tuple(m - s for m, s in zip(means, errors, strict=True)) if has_band else (),
        high=tuple(m + s for m, s in zip(means, errors, strict=True)) if has_band else (),
    )


def seeds_text(counts: Iterable[int]) -> str:
    """Return the number of seeds as text: ``n = 5 seeds``, ``n = 3 to 5 seeds``."""
    there = sorted(set(counts))
    shown = str(there[0]) if len(there) == 1 else f"{there[0]} to {there[-1]}"
    return f"n = {shown} seed{'' if there == [1] else 's'}"
