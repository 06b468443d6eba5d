"""Learning-rate schedules: functions of the position in training, in epochs.

Each takes ``position`` (epochs done, fractional, in [0, epochs)) and ``epochs`` (in total), then
its own options, and returns the factor on the peak learning rate, at least 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from poolbench.core.errors import BadInput


def constant(position: float, epochs: int) -> float:  # noqa: ARG001 - the family's signature
    """Return 1: the peak rate throughout."""
    return 1.0


def step(position: float, epochs: int, *, milestones: Sequence[int], factor: float) -> float:  # noqa: ARG001
    """Return ``factor ** k`` after k milestones, given in epochs completed."""
    return factor ** sum(position >= milestone for milestone in milestones)


def ramp(position: float, epochs: int, *, warmup_epochs: float) -> float:
    """Return a rise from 0 to 1 over ``warmup_epochs``, then a fall to 0 at the end, both linear.

    Training that is shorter than its warm-up (a smoke profile) only rises.
    """
    if position < warmup_epochs:
        return position / warmup_epochs
    return (epochs - position) / (epochs - warmup_epochs)


def piecewise(
    position: float,
    epochs: int,  # noqa: ARG001
    *,
    epochs_at: Sequence[float],
    factors: Sequence[float],
) -> float:
    """Return the factor interpolated between the points (epoch, factor) around ``position``.

    Before the first point it is the first factor, after the last point the last. In a shorter
    training, points beyond its end are not reached, and the others are not moved.

    Args:
        position: Epochs done, fractional.
        epochs: Unused.
        epochs_at: Epochs of the points, strictly rising, at least one.
        factors: Factor on the peak rate at each, at least 0.

    Raises:
        BadInput: The lists differ in length.
    """
    if len(epochs_at) != len(factors):
        raise BadInput(
            f"piecewise: {len(epochs_at)} epochs_at and {len(factors)} factors",
            "give one factor for each of epochs_at",
        )
    points = list(zip(epochs_at, factors, strict=True))
    if position <= epochs_at[0]:
        return factors[0]
    for (start, before), (end, after) in pairwise(points):
        if position < end:
            return before + (after - before) * (position - start) / (end - start)
    return factors[-1]


def flat_cosine(position: float, epochs: int, *, flat: float) -> float:
    """Return 1 for the fraction ``flat`` of training, then half a cosine down to 0."""
    turn = flat * epochs
    if position <= turn:
        return 1.0
    return 0.5 * (1.0 + math.cos(math.pi * (position - turn) / (epochs - turn)))
