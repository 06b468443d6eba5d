"""Equivalence: whether two variants differ by less than a margin chosen beforehand."""

from __future__ import annotations

import numpy as np
from scipy import stats

from poolbench.stats.costs import Costs, complete_blocks, present


def equivalence_p(
    first: Costs, second: Costs, margin: float | None, *, paired: bool = False
) -> float | None:
    """Test that two means differ by less than a margin (two one-sided t tests, Welch's).

    Args:
        first: Costs, shape ``(n1,)``.
        second: Costs, shape ``(n2,)``.
        margin: Above 0, in the metric's unit; ``None`` for no test.
        paired: Whether seeds are blocks.

    Returns:
        The larger of the two p-values; ``None`` without a margin, below two runs, if runs
        diverged, or if nothing varies.

    References:
        Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power approach".
    """
    blocks = complete_blocks((first, second)) if paired else None
    x, y = (present(first), present(second)) if blocks is None else (blocks[:, 0], blocks[:, 1])
    testable = min(len(x), len(y)) >= 2 and np.isfinite(x).all() and np.isfinite(y).all()
    if margin is None or not testable:
        return None
    if np.ptp(y - x) == 0 if paired else np.ptp(x) == 0 and np.ptp(y) == 0:
        return None
    if paired:
        below = stats.ttest_rel(y, x + margin, alternative="less").pvalue
        above = stats.ttest_rel(y, x - margin, alternative="greater").pvalue
    else:
        # From moments: scipy warns about identical values if all runs gave one value.
        (mean, *spread), reference = _moments(y), _moments(x)
        below, above = (
            stats.ttest_ind_from_stats(
                mean + step, *spread, *reference, equal_var=False, alternative=side
            ).pvalue
            for step, side in ((-margin, "less"), (margin, "greater"))
        )
    return float(max(below, above))


def _moments(sample: Costs) -> tuple[float, float, int]:
    return float(np.mean(sample)), float(np.std(sample, ddof=1)), len(sample)
