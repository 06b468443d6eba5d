"""The order of evaluated points: by score, then by how little they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from poolbench.core.search import Point, Score
from poolbench.search.spans import Span


def change(point: Point, start: Mapping[str, float], spans: Mapping[str, Span]) -> float:
    """Return how far a point is from the start: the sum over the options, each range being 1."""
    total = 0.0
    for key, span in spans.items():
        low, high = (span.position(span.quantity.value_at(end)) for end in (span.low, span.high))
        total += abs(span.position(point.values[key]) - span.position(start[key])) / (high - low)
    return total


def ranked(
    scored: Iterable[tuple[Point, Score]], start: Mapping[str, float], spans: Mapping[str, Span]
) -> list[tuple[Point, Score]]:
    """Return points from best to worst.

    Of equal scores the smaller change goes first, then what was proposed first.

    Args:
        scored: Points with scores on the same folds.
        start: Where the search started.
        spans: The first range of each option, by key of the recipe.
    """

    def key(pair: tuple[Point, Score]) -> tuple[int, float, float]:
        point, score = pair
        fewest, mean = score.rank
        return -fewest, -mean, round(change(point, start, spans), 9)

    return sorted(scored, key=key)
