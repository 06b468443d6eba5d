from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from poolbench.stats.superiority import mean_interval, superiority_interval


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.893, 1.0])
@pytest.mark.parametrize(("n_first", "n_second"), [(3, 3), (5, 8), (58, 51)])
def test_both_ends_are_just_not_rejected(p: float, n_first: int, n_second: int) -> None:
    low, high = superiority_interval(p, n_first, n_second, alpha=0.1)
    z = stats.norm.isf(0.05)
    for end in {low, high} - {0.0, 1.0}:
        # Hanley and McNeil's variance with both sample sizes replaced by their mean.
        first, second = end / (2 - end), 2 * end**2 / (1 + end)
        others = (n_first + n_second) / 2 - 1
        total = end * (1 - end) + others * (first - end**2 + second - end**2)
        assert abs(p - end) == pytest.approx(z * math.sqrt(total / (n_first * n_second)))
    assert 0 <= low <= p <= high <= 1
    assert low < high


def test_the_interval_does_not_depend_on_which_variant_comes_first() -> None:
    low, high = superiority_interval(0.84, 5, 7)
    assert superiority_interval(1 - 0.84, 7, 5) == pytest.approx((1 - high, 1 - low))


def test_all_wins_of_three_seeds_prove_little() -> None:
    assert superiority_interval(1.0, 3, 3) == pytest.approx((0.501, 1.0), abs=0.001)


def test_a_mean_of_one_is_itself_and_of_equals_is_narrower() -> None:
    assert mean_interval([0.7], [(0.5, 0.8)]) == pytest.approx((0.5, 0.8))
    assert mean_interval([0.7] * 4, [(0.5, 0.8)] * 4) == pytest.approx((0.6, 0.75))


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("distance", [0.0, 1.0, 2.0])
def test_intervals_cover_the_truth_nearly_as_often_as_they_say(n: int, distance: float) -> None:
    generator = np.random.default_rng(5)
    truth = float(stats.norm.cdf(distance / math.sqrt(2)))
    single = together = 0
    for _ in range(500):
        x, y = generator.normal(distance, 1, (3, n)), generator.normal(0, 1, (3, n))
        estimates = [float((a[:, None] > b).mean()) for a, b in zip(x, y, strict=True)]
        intervals = [superiority_interval(p, n, n) for p in estimates]
        single += intervals[0][0] <= truth <= intervals[0][1]
        low, high = mean_interval(estimates, intervals)
        together += low <= truth <= high
    assert single / 500 > 0.92
    assert together / 500 > 0.87
