"""The probability of superiority: its direction, and the coverage of its interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from poolbench.stats import compare
from poolbench.stats.shift import dominance
from poolbench.stats.superiority import mean_interval, superiority_interval

STUDIES = 1500


def test_a_better_run_counts_whichever_way_the_metric_points() -> None:
    values = {"a": [1.0, 2.0, 3.0], "b": [2.0, 4.0, 5.0]}
    # Of nine pairs of runs b is larger in seven; one more is tied.
    up = compare(values, lower_is_better=False).pair("a", "b")
    down = compare(values, lower_is_better=True).pair("a", "b")
    assert up.superiority == up.a12 == pytest.approx(7.5 / 9)
    assert down.superiority == pytest.approx(1.5 / 9)
    assert down.a12 == up.a12
    back = compare(values, lower_is_better=False).pair("b", "a")
    assert back.superiority == pytest.approx(1.5 / 9)
    assert up.superiority_ci is not None
    assert back.superiority_ci == pytest.approx(
        (1 - up.superiority_ci[1], 1 - up.superiority_ci[0])
    )


def test_the_interval_holds_what_is_within_its_standard_error() -> None:
    # The definition at both ends, and at a half the exact variance of U without ties.
    low, high = superiority_interval(0.7, 8, 10) or (math.nan, math.nan)
    for end in (low, high):
        shape = 1 + 8 * ((1 - end) / (2 - end) + end / (1 + end))
        error = math.sqrt(end * (1 - end) * shape / 80)
        assert abs(end - 0.7) == pytest.approx(stats.norm.isf(0.025) * error)
    assert pytest.approx((10 + 10 + 1) / (12 * 100)) == 0.25 * (1 + 9 * (1 / 3 + 1 / 3)) / 100


def test_perfect_separation_still_has_a_width_and_single_runs_have_no_interval() -> None:
    assert superiority_interval(1.0, 3, 3) == pytest.approx((0.497, 1.0), abs=0.02)
    assert superiority_interval(0.0, 3, 3) == pytest.approx((0.0, 0.503), abs=0.02)
    assert superiority_interval(0.5, 1, 30) is None
    assert superiority_interval(math.nan, 3, 3) is None


@pytest.mark.parametrize("spread", [1.0, 2.0])
@pytest.mark.parametrize("truth", [0.5, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("n", [3, 5, 10, 20, 50])
def test_the_interval_covers_the_truth(n: int, truth: float, spread: float) -> None:
    random = np.random.default_rng(n)
    distance = stats.norm.ppf(truth) * math.hypot(1, spread)
    covered, known = 0, {}
    for _ in range(STUDIES):
        first, second = random.normal(size=n), random.normal(distance, spread, n)
        share = (dominance(first, second) + 1) / 2
        if share not in known:
            known[share] = superiority_interval(share, n, n) or (math.nan, math.nan)
        covered += known[share][0] <= truth <= known[share][1]
    # Three runs have ten possible shares: at a half no interval of them can be near 95 %.
    lowest = 0.86 if n == 3 else 0.92
    assert covered / STUDIES >= lowest - 3 * math.sqrt(lowest * (1 - lowest) / STUDIES)


def test_a_mean_of_one_is_itself_and_of_equals_is_narrower() -> None:
    assert mean_interval([0.7], [(0.5, 0.8)]) == pytest.approx((0.5, 0.8))
    assert mean_interval([0.7] * 4, [(0.5, 0.8)] * 4) == pytest.approx((0.6, 0.75))
    assert mean_interval([0.7, 0.7], [(0.5, 0.8), None]) is None


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("distance", [0.0, 1.0, 2.0])
def test_the_interval_of_a_mean_covers_the_truth_nearly_as_often_as_it_says(
    n: int, distance: float
) -> None:
    generator = np.random.default_rng(5)
    truth, together = float(stats.norm.cdf(distance / math.sqrt(2))), 0
    for _ in range(500):
        x, y = generator.normal(distance, 1, (3, n)), generator.normal(0, 1, (3, n))
        estimates = [float((a[:, None] > b).mean()) for a, b in zip(x, y, strict=True)]
        intervals = [superiority_interval(p, n, n) for p in estimates]
        low, high = mean_interval(estimates, intervals) or (math.nan, math.nan)
        together += low <= truth <= high
    assert together / 500 > 0.87
