"""The passes of each contender in a race, and their times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from poolbench.core.costs import Passes

FORWARD, STEP = "forward", "forward and backward"


def passes_of(times: Mapping[str, Sequence[float]], name: str) -> Passes:
    """Return the times of a contender's passes.

    Args:
        times: Times of a race with contenders named ``PASS NAME``.
        name: Name of the contender.
    """
    return Passes(forward_s=times[f"{FORWARD} {name}"], step_s=times[f"{STEP} {name}"])
