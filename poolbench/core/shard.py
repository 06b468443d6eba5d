"""A shard: one of several disjoint parts of a study's cells, for machines without a shared disk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

from poolbench.core.cell import Cell
from poolbench.core.counted import counted
from poolbench.core.errors import BadInput
from poolbench.core.study import Study


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Part ``index`` of ``count``.

    The conditions of the whole suite, in the order of their hashes, are dealt to the parts in turn,
    seed after seed. So a cell's part does not change with what else is selected, with settings that
    change no condition, with the order of variants or with later seeds; another variant moves
    cells. If seeds count from 0, parts of a whole suite differ by at most one cell, and so do their
    shares of each condition.

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

    def cells(self, study: Study) -> tuple[Cell, ...]:
        """Return those of a study's cells that are in this part, in their order."""
        return tuple(cell for cell, part in self._dealt(study) if part == self.index)

    def sizes(self, study: Study) -> list[int]:
        """Return how many of a study's cells each of the parts has, the first part first."""
        found = Counter(part for _, part in self._dealt(study))
        return [found[part] for part in range(1, self.count + 1)]

    def about(self, study: Study) -> str:
        """Say how many of a study's cells are in this part, and how even the parts are."""
        sizes = self.sizes(study)
        mine, least, most = sizes[self.index - 1], min(sizes), max(sizes)
        others = f"every shard has {most}" if least == most else f"shards have {least} to {most}"
        return f"shard {self}: {mine} of {counted(len(study.cells), 'cell')}; {others}"

    def _dealt(self, study: Study) -> Iterator[tuple[Cell, int]]:
        """Yield each cell of a study with its part."""
        conditions = sorted({cell.condition for cell in study.whole.cells})
        places = {condition: place for place, condition in enumerate(conditions)}
        width = len(conditions)
        # After so many seeds a condition would come to the same parts again: from then on each
        # takes the turn of the next one, until it has come to all parts.
        period = self.count // gcd(width, self.count)
        for cell in study.cells:
            turn = (places[cell.condition] + cell.seed // period) % width
            yield cell, (cell.seed * width + turn) % self.count + 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"
