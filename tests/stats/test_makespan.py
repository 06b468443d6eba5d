"""How long workers take for runs that cannot be split."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from poolbench.stats.makespan import makespan_s


@pytest.mark.parametrize(
    ("durations_s", "workers", "expected"),
    [
        ([], 3, 0.0),
        ([2.0] * 10, 4, 6.0),  # three rounds, though 10 / 4 is 2.5
        ([2.0] * 10, 40, 2.0),
        ([9.0, 1.0, 1.0, 1.0], 2, 9.0),
        ([1.0, 1.0, 1.0, 3.0], 2, 3.0),  # the longest goes first
        ([3.0, 3.0, 2.0, 2.0, 2.0], 2, 7.0),  # Graham's rule, not the best: 6
    ],
)
def test_the_longest_that_is_left_goes_to_the_first_free_worker(
    durations_s: list[float], workers: int, expected: float
) -> None:
    assert makespan_s(durations_s, workers) == expected


def test_it_is_within_graham_s_bound_of_the_shortest_time() -> None:
    for durations_s in product([1, 2, 3, 5], repeat=5):
        shortest = min(
            max(sum(d for d, w in zip(durations_s, split, strict=True) if w == k) for k in (0, 1))
            for split in product((0, 1), repeat=5)
        )
        found = Fraction(makespan_s(durations_s, 2))
        assert shortest <= found <= shortest * (Fraction(4, 3) - Fraction(1, 6))
