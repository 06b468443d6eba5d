"""What lies in a folder of pictures, besides their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poolbench.core.counted import first_of
from poolbench.core.document import Count

_SHOWN = 5

Range = tuple[Count, Count]
"""The least and the largest number."""


@dataclass(frozen=True, kw_only=True)
class FoundPictures:
    """The pictures of a folder.

    Args:
        class_names: Names of the class folders, sorted.
        train: Training pictures of the smallest and of the largest class.
        test: Test pictures likewise.
        sides_px: Shortest and longest side of the pictures looked at; ``None`` if none of them can
            be read.
        looked_at: Number of pictures looked at.
        left_out: What was found and not taken, with its number: ``3 .gif``.
        damaged: Number of pictures looked at whose size cannot be read.
    """

    class_names: tuple[str, ...]
    train: Range
    test: Range
    sides_px: Range | None
    looked_at: Count
    left_out: tuple[str, ...] = ()
    damaged: Count = 0

    def sentences(self, dataset: str) -> Iterator[str]:
        """Yield what someone should know before hours of training."""
        names = first_of(self.class_names, _SHOWN)
        sides = ""
        if self.sides_px is not None:
            sides = f"; sides of {_span(self.sides_px)} px, in {self.looked_at:,} looked at"
            if self.damaged:
                sides += f", and {self.damaged:,} more that cannot be read"
        yield (
            f"Classes of {dataset}: {names}; {_span(self.train)} training and {_span(self.test)} "
            f"test pictures each{sides}."
        )
        if self.left_out:
            yield f"Left out of {dataset}: {', '.join(self.left_out)}."


def range_of(numbers: Sequence[int]) -> Range:
    """Return the least and the largest of at least one number."""
    return min(numbers), max(numbers)


def _span(numbers: Range) -> str:
    low, high = numbers
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
