from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from poolbench.stats.rank_tests import rank_test_of_two
from poolbench.stats.shift import dominance, location_shift

INF = math.inf
SAMPLE = st.lists(st.integers(-6, 6).map(float), min_size=1, max_size=7)


def arr(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


@given(SAMPLE, SAMPLE)
def test_cliffs_delta_counts_the_pairs(first: list[float], second: list[float]) -> None:
    wins = sum((b > a) - (b < a) for a, b in itertools.product(first, second))
    expected = wins / (len(first) * len(second))
    assert dominance(np.array(first), np.array(second)) == pytest.approx(expected)


@given(SAMPLE, SAMPLE)
def test_the_shift_is_the_median_difference(first: list[float], second: list[float]) -> None:
    expected = np.median([b - a for a, b in itertools.product(first, second)])
    assert location_shift(np.array(first), np.array(second))[0] == pytest.approx(expected)


@given(SAMPLE, SAMPLE, st.booleans())
@settings(deadline=None)
def test_exchanging_the_samples_changes_only_the_sign(
    first: list[float], second: list[float], paired: bool
) -> None:
    n = min(len(first), len(second))
    x, y = np.array(first[:n]), np.array(second[:n])
    shift, interval = location_shift(x, y, alpha=0.2, paired=paired)
    back, back_interval = location_shift(y, x, alpha=0.2, paired=paired)
    assert back == pytest.approx(-shift)
    assert (interval is None) == (back_interval is None)
    if interval is not None and back_interval is not None:
        assert back_interval == pytest.approx((-interval[1], -interval[0]))
    assert dominance(y, x) == pytest.approx(-dominance(x, y))


@pytest.mark.parametrize(("n_first", "n_second"), [(4, 4), (5, 7), (12, 15)])
def test_the_interval_holds_exactly_the_shifts_the_test_does_not_reject(
    n_first: int, n_second: int
) -> None:
    generator = np.random.default_rng(n_first)
    x, y = generator.normal(size=n_first), generator.normal(1, size=n_second)
    interval = location_shift(x, y)[1]
    assert interval is not None
    for end, outwards in ((interval[0], -1), (interval[1], 1)):
        inside, outside = end - outwards * 1e-6, end + outwards * 1e-6
        assert stats.mannwhitneyu(x + inside, y).pvalue >= 0.05
        assert stats.mannwhitneyu(x + outside, y).pvalue < 0.05


def test_the_paired_interval_inverts_wilcoxons_test() -> None:
    generator = np.random.default_rng(5)
    x = generator.normal(size=9)
    y = x + generator.normal(0.5, 0.3, size=9)
    interval = location_shift(x, y, paired=True)[1]
    assert interval is not None
    for end, outwards in ((interval[0], -1), (interval[1], 1)):
        assert stats.wilcoxon(y - x - (end - outwards * 1e-6)).pvalue >= 0.05
        assert stats.wilcoxon(y - x - (end + outwards * 1e-6)).pvalue < 0.05


@pytest.mark.parametrize("n", [5, 10])
def test_the_interval_covers_the_true_shift_at_least_as_often_as_it_says(n: int) -> None:
    generator = np.random.default_rng(11)
    trials = 800
    covered = 0
    for x, y in generator.normal(size=(trials, 2, n)):
        interval = location_shift(x, y + 2.0)[1]
        assert interval is not None
        covered += interval[0] <= 2.0 <= interval[1]
    error = math.sqrt(0.95 * 0.05 / trials)
    assert 0.95 - 3 * error < covered / trials < 0.985 + 3 * error


@pytest.mark.parametrize(
    ("n_first", "n_second", "paired", "critical"),
    [
        # The tables of the critical U and T at 0.05, two-sided, that textbooks have.
        (4, 4, False, 0), (5, 5, False, 2), (6, 6, False, 5), (5, 8, False, 6), (8, 5, False, 6),
        (8, 8, False, 13), (10, 10, False, 23),
        (6, 6, True, 0), (7, 7, True, 2), (8, 8, True, 3), (9, 9, True, 5), (10, 10, True, 8),
        (20, 20, True, 52),
    ],
)  # fmt: skip
def test_the_interval_leaves_out_as_many_terms_as_the_tables_of_critical_values_say(
    n_first: int, n_second: int, paired: bool, critical: int
) -> None:
    generator = np.random.default_rng(n_first + n_second)
    x, y = generator.normal(size=n_first), generator.normal(size=n_second)
    if paired:
        pairs = itertools.combinations_with_replacement(y - x, 2)
        terms = sorted((first + second) / 2 for first, second in pairs)
    else:
        terms = sorted(b - a for a, b in itertools.product(x, y))
    interval = location_shift(x, y, paired=paired)[1]
    assert interval == pytest.approx((terms[critical], terms[-1 - critical]))


@pytest.mark.parametrize("alpha", [0.1, 0.4, 0.7, 0.999])
def test_at_any_level_the_interval_leaves_out_the_counts_that_are_enumerated(alpha: float) -> None:
    x, y = arr(0, 0.1, 0.23, 0.5, 0.91), arr(0.04, 0.31, 0.6, 1.7, 2.9)
    above = [
        sum(a > b for a, b in itertools.product(first, {*range(10)} - {*first}))
        for first in itertools.combinations(range(10), 5)
    ]
    signed = [
        sum(rank for rank, sign in enumerate(signs, 1) if sign)
        for signs in itertools.product((0, 1), repeat=5)
    ]
    for paired, counts in ((False, above), (True, signed)):
        pairs = itertools.combinations_with_replacement(y - x, 2)
        terms = sorted(
            ((a + b) / 2 for a, b in pairs)
            if paired
            else (b - a for a, b in itertools.product(x, y))
        )
        middle = len(terms) // 2
        tails = [2 * np.mean([count <= c for count in counts]) for c in range(middle + 1)]
        rejected = [c for c, p in enumerate(tails) if p < alpha]
        interval = location_shift(x, y, alpha=alpha, paired=paired)[1]
        if rejected:
            ends = terms[max(rejected)], terms[-1 - max(rejected)]
            assert interval == pytest.approx(ends)
        else:
            assert interval is None


def test_so_few_runs_that_nothing_can_be_rejected_have_no_interval() -> None:
    assert location_shift(arr(1, 2, 3), arr(4, 5, 6))[1] is None
    assert location_shift(arr(1, 2, 3), arr(4, 5, 6), alpha=0.2)[1] is not None
    for many in (4, 60):  # 2 / C(61, 1) would be 0.033
        assert location_shift(arr(1), np.arange(2.0, 2 + many))[1] is None
    assert location_shift(arr(1, 2, 3, 4, 5), arr(2, 3, 4, 5, 6), paired=True)[1] is None


def test_two_runs_have_an_interval_where_the_other_sample_is_large_enough() -> None:
    # 2 / C(9, 2) is 0.056 and 2 / C(10, 2) is 0.044: all differences, and not one less.
    first, second = arr(1, 2), np.arange(3.0, 11.0)
    assert location_shift(first, second[:7])[1] is None
    assert location_shift(first, second)[1] == (1.0, 9.0)
    # Two paired seeds reach 2 / 2^2.
    assert location_shift(arr(0, 0), arr(1, 3), alpha=0.5, paired=True)[1] is None
    assert location_shift(arr(0, 0), arr(1, 3), alpha=0.51, paired=True)[1] == (1.0, 3.0)


def test_a_few_diverged_runs_widen_the_interval_and_leave_the_shift_finite() -> None:
    shift, interval = location_shift(arr(1, 2, 3, 4, 5), arr(2, 3, 4, INF, INF))
    assert math.isfinite(shift)
    assert interval is not None
    assert interval[1] == INF
    assert location_shift(arr(1, 2, INF), arr(1, 2, INF))[0] == 0


def test_a_sample_without_runs_has_no_effect() -> None:
    assert math.isnan(dominance(arr(), arr(1)))
    assert math.isnan(dominance(arr(1), arr()))
    assert math.isnan(location_shift(arr(math.nan), arr(1))[0])
    shift, interval = location_shift(arr(math.nan), arr(1), paired=True)
    assert math.isnan(shift)
    assert interval is None


@pytest.mark.parametrize("n", [9, 30, 51, 60])
@pytest.mark.parametrize("paired", [False, True])
def test_the_interval_ends_where_the_test_begins_to_reject(n: int, paired: bool) -> None:
    first, second = np.random.default_rng(n).normal(size=(2, n))
    interval = location_shift(first, second + 0.3, paired=paired)[1]
    assert interval is not None
    for end, inwards in zip(interval, (1e-9, -1e-9), strict=True):
        inside, outside = (
            rank_test_of_two(first, second + 0.3 - end - step, paired=paired).p
            for step in (inwards, -inwards)
        )
        assert inside is not None
        assert outside is not None
        assert outside < 0.05 <= inside
