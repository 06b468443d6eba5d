"""Holm's correction of p-values for a family of comparisons."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values so that rejecting those below alpha has a family-wise error of at most alpha.

    The i-th smallest of m is multiplied by m - i + 1; a running maximum keeps the order.

    Args:
        p_values: In [0, 1], one for each comparison of the family, which was fixed before the
            results were seen; ``None`` if there is no test, as of runs that are missing. It stays
            ``None`` and counts all the same.

    Returns:
        Adjusted p-values in the same order, at most 1.

    References:
        Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    adjusted: list[float | None] = [None] * len(p_values)
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    running = 0.0
    for rank, (p, index) in enumerate(tested):
        running = max(running, min(1.0, (len(p_values) - rank) * p))
        adjusted[index] = running
    return adjusted
