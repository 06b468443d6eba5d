"""Theorem 1: one layer of ReLUs knows whether a max is positive, and not how large it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poolbench.core.errors import BadInput

_POINTS = 3000
_LARGEST = 1024
# Another threshold than 0: the theorem is about the sign alone.
ELSEWHERE = 0.5


@dataclass(frozen=True, kw_only=True)
class HeavisideTrial:
    """``relu(x_1) + ... + relu(x_d)``, d hidden neurons, beside ``max(x)`` on [-1, 1]^d.

    Args:
        elements: d.
        points: Number of points: a third each is uniform, negative throughout, and negative but
            for a single 0.
        positive: Fraction of the points where both are above 0 or neither is.
        not_negative: The same for "at least 0": a sum of ReLUs is never below it.
        elsewhere: The same for "above 1/2", over the uniform points alone.
        largest_difference: Largest |sum - max|, d - 1 at d ones.
    """

    elements: int
    points: int
    positive: float
    not_negative: float
    elsewhere: float
    largest_difference: float


def try_heaviside(d: int, *, seed: int = 0) -> HeavisideTrial:
    """Compare the network of Theorem 1 with the max.

    Args:
        d: Elements of the window, from 2 to 1024.
        seed: Seed of the points.

    Raises:
        BadInput: d is out of range.

    References:
        Theorem 1 of "The Theoretical Expressiveness of Maxpooling", whose formula is missing from
        the text we have.
    """
    if not 2 <= d <= _LARGEST:
        raise BadInput(f"theorem 1: d is {d}", f"choose windows of 2 to {_LARGEST} elements: --d 4")
    rng = np.random.default_rng(seed)
    third = _POINTS // 3
    uniform = rng.uniform(-1, 1, (third, d))
    negative = -rng.uniform(0.01, 1, (third, d))
    at_zero = negative.copy()
    at_zero[np.arange(third), rng.integers(0, d, third)] = 0.0
    x = np.concatenate([uniform, negative, at_zero])
    peak, network = x.max(1), np.maximum(x, 0).sum(1)
    ones = np.ones((1, d))
    return HeavisideTrial(
        elements=d,
        points=len(x),
        positive=float(np.mean((peak > 0) == (network > 0))),
        not_negative=float(np.mean((peak >= 0) == (network >= 0))),
        elsewhere=float(np.mean((peak[:third] > ELSEWHERE) == (network[:third] > ELSEWHERE))),
        largest_difference=float(
            max(np.abs(network - peak).max(), np.maximum(ones, 0).sum() - ones.max())
        ),
    )
