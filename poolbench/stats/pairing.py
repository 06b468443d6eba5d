"""What pairing by seed gained or lost: known only afterwards, and no reason to choose it then."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from poolbench.stats.costs import Costs, complete_blocks


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """How two variants vary together over the seeds they share.

    Args:
        seeds: Seeds of which both have a finished run.
        correlation: Pearson's, in [-1, 1]; NaN below three seeds, or if one does not vary.
        width: Spread of the differences of paired seeds, by that of as many independent ones: below
            1 pairing gained, above 1 it lost; NaN as above.
    """

    seeds: int
    correlation: float
    width: float


def pairing_of(first: Costs, second: Costs) -> Pairing:
    """Return what pairing two variants gained.

    Args:
        first: Costs, shape ``(seeds,)``; NaN = missing, infinite = diverged: neither counts.
        second: Costs of the same seeds.
    """
    blocks = complete_blocks((first, second))
    x, y = blocks[np.isfinite(blocks).all(axis=1)].T
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Pairing(seeds=len(x), correlation=math.nan, width=math.nan)
    return Pairing(
        seeds=len(x),
        correlation=float(np.corrcoef(x, y)[0, 1]),
        width=float(np.sqrt(np.var(y - x, ddof=1) / (np.var(x, ddof=1) + np.var(y, ddof=1)))),
    )
