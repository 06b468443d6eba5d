"""The passes that race for each contender, and their times afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from poolbench.core.costs import Passes

FORWARD, STEP = "forward", "forward and backward"


def passes_of(times: Mapping[str, Sequence[float]], name: str) -> Passes:
    """Return the times of a contender's passes.

    Args:
        times: Of a race whose contenders are called ``PASS NAME``.
        name: The contender.
    """
    return Passes(forward_s=times[f"{FORWARD} {name}"], step_s=times[f"{STEP} {name}"])
