"""Learning-rate schedules: functions of how far training has come, in epochs.

Each takes ``position`` (epochs done, fractional, in [0, epochs)) and ``epochs`` (in all), then its
own options, and returns the factor on the peak learning rate, in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def constant(position: float, epochs: int) -> float:  # noqa: ARG001 - the family's signature
    """Return 1: the peak rate throughout."""
    return 1.0


def step(position: float, epochs: int, *, milestones: Sequence[int], factor: float) -> float:  # noqa: ARG001
    """Return ``factor ** k`` once k milestones, in epochs completed, are behind."""
    return factor ** sum(position >= milestone for milestone in milestones)


def ramp(position: float, epochs: int, *, warmup_epochs: float) -> float:
    """Return a rise from 0 to 1 over ``warmup_epochs``, then a fall to 0 at the end, both linear.

    A training shorter than its warm-up (a smoke profile) only rises.
    """
    if position < warmup_epochs:
        return position / warmup_epochs
    return (epochs - position) / (epochs - warmup_epochs)


def flat_cosine(position: float, epochs: int, *, flat: float) -> float:
    """Return 1 for the share ``flat`` of training, then half a cosine down to 0."""
    turn = flat * epochs
    if position <= turn:
        return 1.0
    return 0.5 * (1.0 + math.cos(math.pi * (position - turn) / (epochs - turn)))
