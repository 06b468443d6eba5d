"""A shard: one of several disjoint parts of a study's cells, for machines without a shared disk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from poolbench.core.cell import Cell
from poolbench.core.counted import counted
from poolbench.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Part ``index`` of ``count``.

    A cell's part depends on nothing but the cell: selecting variants, or adding some or seeds,
    moves no other cell. The seeds of a condition are dealt in turn, beginning at a part that the
    hash of the condition chooses, so of each condition every part has as many consecutive seeds as
    any other, or one more.

    Args:
        index: From 1 to ``count``.
        count: Number of parts, at least 1.
    """

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``2/5``.

        Raises:
            BadInput: It is not of this form, or there is no such part.
        """
        numbers = re.fullmatch(r"(\d{1,5})/(\d{1,5})", text, re.ASCII)
        if numbers is None or not 1 <= int(numbers[1]) <= int(numbers[2]):
            hint = "write K/N with K from 1 to N: 1/5, 2/5, ... 5/5"
            raise BadInput(f"'{text}' is not a shard", hint)
        return cls(index=int(numbers[1]), count=int(numbers[2]))

    def cells(self, cells: Iterable[Cell]) -> tuple[Cell, ...]:
        """Return those of the cells that are in this part, in their order."""
        return tuple(cell for cell in cells if _part(cell, self.count) == self.index)

    def sizes(self, cells: Iterable[Cell]) -> list[int]:
        """Return how many of the cells each of the parts has, the first part first."""
        sizes = [0] * self.count
        for cell in cells:
            sizes[_part(cell, self.count) - 1] += 1
        return sizes

    def about(self, cells: Sequence[Cell]) -> str:
        """Say how many of the cells are in this part, and how even the parts are."""
        sizes = self.sizes(cells)
        mine, least, most = sizes[self.index - 1], min(sizes), max(sizes)
        others = f"every shard has {most}" if least == most else f"shards have {least} to {most}"
        return f"shard {self}: {mine} of {counted(len(cells), 'cell')}; {others}"

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def _part(cell: Cell, count: int) -> int:
    return (int(cell.condition, 16) + cell.seed) % count + 1
