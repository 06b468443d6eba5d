"""The order of a study's cells: the longest first, so that no long one is left for the end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from poolbench.core.cell import Cell
from poolbench.store.documents import Damaged
from poolbench.store.store import Store


def longest_first(store: Store, cells: Sequence[Cell]) -> Iterator[Cell]:
    """Yield each cell once; the next one is chosen when it is asked for.

    The duration of a condition is that of its first run in the store that did not diverge.
    Conditions without one come first, as any of them may be the longest; ties keep the given order.
    The order does not change results, only how long the last worker keeps the others waiting.

    Args:
        store: The store with runs, including those that finish meanwhile.
        cells: The cells, finished ones included.
    """
    left = list(cells)
    durations_s: dict[str, float] = {}
    looked_at: set[str] = set()
    while left:
        for cell in cells:
            if cell.condition in durations_s or cell.id in looked_at:
                continue
            if store.has_result(cell.id):
                looked_at.add(cell.id)
                duration_s = _duration_s(store, cell)
                if duration_s is not None:
                    durations_s[cell.condition] = duration_s
        costs = [durations_s.get(cell.condition, math.inf) for cell in left]
        yield left.pop(costs.index(max(costs)))


def _duration_s(store: Store, cell: Cell) -> float | None:
    try:
        run = store.read(cell.id)
    except Damaged:
        return None
    return run.duration_s if run.result.status == "ok" else None
