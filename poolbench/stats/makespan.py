"""How long workers take for runs that cannot be split."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def makespan_s(durations_s: Sequence[float], workers: int) -> float:
    """Return the time until the last run ends if each free worker takes the longest that is left.

    >>> makespan_s([1.0, 1.0, 1.0, 1.0, 1.0], 2)
    3.0

    Args:
        durations_s: Of each run, in seconds; at least 0.
        workers: Their number, at least 1.

    Returns:
        Seconds; 0 without runs. It is at most 4/3 of the shortest time possible.

    References:
        Graham 1969, Bounds on multiprocessing timing anomalies.
    """
    free_at = [0.0] * workers
    for duration_s in sorted(durations_s, reverse=True):
        heapq.heapreplace(free_at, free_at[0] + duration_s)
    return max(free_at)
