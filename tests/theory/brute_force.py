"""Estimators, subpools and their maxes by their definitions, without a line of the package."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray


def corners(d: int) -> NDArray[np.float64]:
    """Return all 2^d corners of the unit cube."""
    return np.array(list(product([0.0, 1.0], repeat=d)))


def estimate(x: NDArray[np.float64], orders: Sequence[int], beta: Sequence[float]) -> NDArray:  # type: ignore[type-arg]
    """Return the sum of beta_r times the mean of the maxes of all subpools of size r."""
    total = np.zeros(len(x))
    for order, coefficient in zip(orders, beta, strict=True):
        subpools = list(combinations(range(x.shape[1]), order))
        maxes = [x[:, list(pool)].max(1) if pool else np.ones(len(x)) for pool in subpools]
        total += float(coefficient) * np.mean(maxes, axis=0)
    return total
