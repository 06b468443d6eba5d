"""What searches share that draw recipes from ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from poolbench.core.search import Outcome, Point, Score
from poolbench.search.ledger import Ledger
from poolbench.search.ranges import bounds_of, names_of, read_ranges, spans_at
from poolbench.search.ranked import ranked
from poolbench.search.spans import Span


class Drawn:
    """A search in ranges.

    Args:
        ranges: See :mod:`poolbench.search.ranges`.

    Raises:
        BadSearch: A range is invalid.
    """

    def __init__(self, ranges: Sequence[str]) -> None:
        self._ranges = read_ranges(ranges)

    @property
    def names(self) -> Mapping[str, tuple[str, int]]:
        """The options drawn, each with the range that says so."""
        return names_of(self._ranges)

    def check(self, start: Mapping[str, float]) -> None:
        """Check that the start is inside its ranges."""
        spans_at(self._ranges, start)

    def bounds(self, start: Mapping[str, float]) -> Mapping[str, tuple[float, float]]:
        """Return the range of each option around the start, by name."""
        return bounds_of(self._ranges, start)


def outcome_of(
    ledger: Ledger,
    compared: Sequence[tuple[Point, Score]],
    origin: Point,
    spans: Mapping[str, Span],
    *,
    ended: str,
) -> Outcome:
    """Return the outcome of a search: the best of the points compared, on equal folds.

    Args:
        ledger: Everything that was asked.
        compared: The points among which the search decides; the start is one of them.
        origin: The start, which is the outcome too if every fold of the best diverged.
        spans: The first range of each option, by key of the recipe.
        ended: Why the search ended there.
    """
    winner, score = ranked(compared, origin.values, spans)[0]
    return Outcome(
        best=origin if score.diverged == len(score.accuracies) else winner,
        start=origin,
        path=(),
        history=ledger.history,
        ended=ended,
    )
