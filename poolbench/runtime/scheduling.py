"""The order of a study's cells: the longest first, so that no long one is left for the end."""

from __future__ import annotations

import heapq
import math
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.store.store import Store

_Rank: TypeAlias = tuple[float, int]


class LongestFirst:
    """Cells in the order of the time they take, which is learned while they run.

    Conditions of unknown duration come first, as any of them may be the longest, one cell of each
    and then another; ties keep the given order. The order does not change results, only how long
    the last worker keeps the others waiting.

    Args:
        cells: The cells.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._left: dict[str, deque[tuple[int, Cell]]] = {}
        self._durations_s: dict[str, float] = {}
        self._taken: Counter[str] = Counter()
        self._heap: list[tuple[_Rank, int, str]] = []
        self._count = self._next_place = 0
        for cell in cells:
            self.add(cell)

    def __len__(self) -> int:
        return self._count

    def add(self, cell: Cell) -> None:
        """Add a cell behind those that take as long."""
        waiting = self._left.setdefault(cell.condition, deque())
        waiting.append((self._next_place, cell))
        self._next_place += 1
        self._count += 1
        if len(waiting) == 1:
            self._push(cell.condition)

    def learn(self, condition: str, duration_s: float) -> None:
        """Take the duration of a condition's runs; the first one learned is kept."""
        if condition not in self._durations_s:
            self._durations_s[condition] = duration_s
            if self._left.get(condition):
                self._push(condition)

    def knows(self, condition: str) -> bool:
        """Whether the duration of a condition was learned."""
        return condition in self._durations_s

    def pop(self) -> Cell:
        """Return the next cell.

        Raises:
            IndexError: There is none.
        """
        while True:
            rank, place, condition = heapq.heappop(self._heap)
            waiting = self._left[condition]
            # An entry from before its duration was learned, or whose cell was taken.
            if not waiting or (rank, place) != (self._rank(condition), waiting[0][0]):
                continue
            _, cell = waiting.popleft()
            self._count -= 1
            self._taken[condition] += 1
            if waiting:
                self._push(condition)
            return cell

    def _rank(self, condition: str) -> _Rank:
        if condition in self._durations_s:
            return -self._durations_s[condition], 0
        return -math.inf, self._taken[condition]

    def _push(self, condition: str) -> None:
        place, _ = self._left[condition][0]
        heapq.heappush(self._heap, (self._rank(condition), place, condition))


def longest_first(store: Store, cells: Sequence[Cell]) -> Iterator[Cell]:
    """Yield each cell once; the next one is chosen when it is asked for.

    The duration of a condition is that of its first run in the store that did not diverge.

    Args:
        store: The store with runs, including those that finish meanwhile.
        cells: The cells, finished ones included.
    """
    queue = LongestFirst(cells)
    unfinished = list(cells)
    while queue:
        waiting = []
        for cell in unfinished:
            if queue.knows(cell.condition):
                continue
            if not store.is_committed(cell.id):
                waiting.append(cell)
            elif (duration_s := duration_of(store, cell)) is not None:
                queue.learn(cell.condition, duration_s)
        unfinished = waiting
        yield queue.pop()


def duration_of(store: Store, cell: Cell) -> float | None:
    """Return how long a finished cell took, in seconds; ``None`` if it diverged or is damaged."""
    try:
        run = store.read(cell.id)
    except (Damaged, FileNotFoundError):
        return None
    return run.duration_s if run.result.status == "ok" else None
