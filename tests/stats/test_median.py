"""The interval of a median."""

from __future__ import annotations

from poolbench.stats.median import median_interval


def test_the_interval_of_a_median_is_made_of_ranks() -> None:
    # Of 7 values the extremes: both sides miss in 2 of 2^7 cases. Of 11 the second and the tenth.
    assert median_interval([3, 1, 2, 7, 5, 6, 4]) == (1, 7)
    assert median_interval(list(range(1, 12))) == (2, 10)
