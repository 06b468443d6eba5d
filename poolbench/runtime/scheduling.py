"""In which order the cells of a study are taken: the longest first, so that none is left last."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from poolbench.core.cell import Cell
from poolbench.store.documents import Damaged
from poolbench.store.store import Store


def longest_first(store: Store, cells: Sequence[Cell]) -> Iterator[Cell]:
    """Yield each cell once; which comes next is decided when it is asked for.

    What a condition takes is known from its first run in the store that did not diverge. Those of
    which nothing is known come first, as any of them may be the longest; equals come in the order
    given. Results do not depend on the order, only how long the last worker keeps the others
    waiting does.

    Args:
        store: Whose runs tell; also those that finish meanwhile.
        cells: Finished ones too.
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
