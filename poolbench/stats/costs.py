"""Values of a metric as costs: one orientation and one meaning of "diverged" for every test.

Lower is better; a diverged run costs +inf, so it ranks worst; a missing run is NaN. Costs are whole
numbers of steps wherever values are ratios of counts: see :class:`~poolbench.stats.scale.Scale`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from poolbench.stats.scale import Scale

Costs = NDArray[np.float64]


def costs_of(values: Sequence[float | None], scale: Scale, *, lower_is_better: bool) -> Costs:
    """Turn one variant's values into costs.

    Args:
        values: One per seed; NaN or infinite = diverged, ``None`` = missing.
        scale: Of these values and all that they are compared with.
        lower_is_better: Whether the metric is already a cost.

    Returns:
        Costs in steps, in the same order, shape ``(len(values),)``.
    """
    sign = 1.0 if lower_is_better else -1.0
    return np.array(
        [
            math.nan
            if value is None
            else sign * scale.steps(value)
            if math.isfinite(value)
            else math.inf
            for value in values
        ],
        dtype=np.float64,
    )


def oriented(
    values: Mapping[str, Sequence[float | None]], *, lower_is_better: bool
) -> tuple[dict[str, Costs], Scale]:
    """Turn every variant's values into costs, and return the scale they share."""
    scale = Scale(value for sample in values.values() for value in sample)
    return {
        name: costs_of(sample, scale, lower_is_better=lower_is_better)
        for name, sample in values.items()
    }, scale


def present(costs: Costs) -> Costs:
    """Return the costs of the runs that exist, diverged ones included."""
    return costs[~np.isnan(costs)]


def finite(costs: Costs) -> Costs:
    """Return the costs of the runs that did not diverge."""
    return costs[np.isfinite(costs)]


def is_constant(costs: Costs) -> bool:
    """Whether several runs all gave one value, as they do if the seed is not applied."""
    kept = present(costs)
    return len(kept) > 1 and bool(np.all(kept == kept[0])) and math.isfinite(kept[0])


def complete_blocks(samples: Sequence[Costs]) -> Costs:
    """Return the seeds that every sample has, as a ``(seeds, samples)`` matrix."""
    matrix = np.column_stack(samples)
    return matrix[~np.isnan(matrix).any(axis=1)]


def differences(first: Costs, second: Costs) -> Costs:
    """Return ``second - first``; two diverged runs do not differ.

    Args:
        first: Any shape that broadcasts against ``second``, without NaN.
        second: The same.
    """
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(second - first, nan=0.0, posinf=math.inf, neginf=-math.inf)
