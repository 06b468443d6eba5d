"""A toy problem with a known optimum: accuracy falls with the squares of the steps from it."""

from __future__ import annotations

from collections.abc import Sequence

from poolbench.core.search import Point
from poolbench.search.axes import read_axes
from poolbench.search.lattice import Lattice
from tests.search.driven import START, Accuracy, gaussian

AXES = ("lr", "lr*weight_decay", "lr/(1-momentum)")
LATTICE = Lattice(read_axes(AXES), 1.6, START)
PEAK, FALL = 0.95, 0.001
"""Accuracy of the optimum, and what one step away from it costs."""


def moves_between(point: Point, steps: Sequence[int]) -> tuple[int, int, int]:
    """Return how many times each of the three moves is made to get from a point to a place.

    The moves of weight decay and momentum take lr along, which the moves of lr make good.
    """
    ends = zip(LATTICE.place_at(point.steps), LATTICE.place_at(steps), strict=True)
    lr, decay, momentum = (there - here for here, there in ends)
    return lr + decay - momentum, decay, momentum


def steps_away(point: Point, steps: Sequence[int]) -> int:
    """Return the least number of the search's own steps from a point to a place."""
    return sum(map(abs, moves_between(point, steps)))


def toy(
    optimum: Sequence[int], *, noise: float = 0.0, seed: int = 0, in_axes: bool = False
) -> Accuracy:
    """Return an accuracy with its optimum at given steps of the axes.

    Args:
        optimum: Steps of the axes from the start.
        noise: Standard deviation of a fold, independent between points.
        seed: Of the noise.
        in_axes: Whether accuracy falls with the axes as written, which the moves are oblique to,
            rather than with the moves.
    """

    def accuracy(point: Point, fold: int) -> float:
        away = moves_between(point, optimum)
        if in_axes:
            away = tuple(here - best for here, best in zip(point.steps, optimum, strict=True))
        noisy = noise * gaussian(seed, point.steps, fold) if noise else 0.0
        return PEAK - FALL * sum(each**2 for each in away) + noisy

    return accuracy
