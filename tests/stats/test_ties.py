"""Equal values: p is exact up to fifty runs, and corrected for ties beyond."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from poolbench.stats.rank_tests import rank_test_of_all, rank_test_of_two

FEW_LEVELS = st.lists(st.integers(0, 4).map(float), min_size=3, max_size=5)
# Accuracies repeat like this: a test set of a few hundred images has few of them to give.
TIED = (
    [3, 4, 4, 5, 6, 6, 7, 8],
    [5, 6, 7, 7, 8, 8, 9, 9],
)


def test_ties_in_small_samples_do_not_push_p_below_the_exact_floor() -> None:
    first, second = np.array([5.0, 5.0, 5.1]), np.array([5.2, 5.2, 5.3])
    # The trap this guards against: scipy's own choice says 0.077 here.
    assert stats.mannwhitneyu(first, second).pvalue < 0.08
    test = rank_test_of_two(first, second)
    assert test.p == pytest.approx(0.1)
    assert (test.method, test.ties) == ("exact", True)
    # Published tables fell into it, so the rule that reads a table as its authors did must, too.
    as_published = rank_test_of_two(first, second, trust_auto=True)
    assert as_published.p == pytest.approx(stats.mannwhitneyu(first, second).pvalue)


def enumerated_p(first: list[float], second: list[float]) -> float:
    """Return twice the smaller tail of the rank sum over every split of the pooled runs."""
    pooled = [int(2 * rank) for rank in stats.rankdata(first + second)]  # halves are exact so
    observed = sum(pooled[: len(first)])
    ways = Counter(map(sum, itertools.combinations(pooled, len(first))))
    below = sum(count for total, count in ways.items() if total <= observed)
    above = sum(count for total, count in ways.items() if total >= observed)
    return min(1.0, 2 * min(below, above) / ways.total())


@given(FEW_LEVELS, FEW_LEVELS)
@settings(max_examples=30, deadline=None)
def test_p_of_small_tied_samples_is_the_enumerated_permutation_p(
    first: list[float], second: list[float]
) -> None:
    assume(len(set(first)) > 1 or len(set(second)) > 1)  # else the seed was not applied: no test
    test = rank_test_of_two(np.array(first), np.array(second))
    if test.ties:
        assert test.p == pytest.approx(enumerated_p(first, second), abs=1e-12)
    assert test.p is not None
    assert test.p >= test.smallest_p - 1e-12


@pytest.mark.parametrize(("n", "m"), [(5, 5), (6, 6), (7, 7), (8, 8), (5, 8), (8, 6), (3, 30)])
def test_p_with_ties_is_that_of_an_enumeration(n: int, m: int) -> None:
    first, second = TIED[0][:n], (TIED[1] * 4)[:m]
    test = rank_test_of_two(np.array(first), np.array(second))
    assert (test.method, test.ties) == ("exact", True)
    exact = enumerated_p(first, second)
    assert test.p == pytest.approx(exact, abs=1e-12)
    # Not what the approximation would have said.
    assert abs(stats.mannwhitneyu(first, second, method="asymptotic").pvalue - exact) > 1e-4


def test_p_is_exact_up_to_fifty_seeds_and_approximate_beyond() -> None:
    generator = np.random.default_rng(1)
    counts = generator.integers(0, 9, size=(2, 51)).astype(float)
    for n, method in ((30, "exact"), (50, "exact"), (51, "asymptotic")):
        first, second = counts[:, :n]
        test = rank_test_of_two(first, second)
        approximate = stats.mannwhitneyu(first, second, method="asymptotic").pvalue
        assert (test.method, test.ties) == (method, True)
        assert test.p == pytest.approx(approximate, rel=0.02)
        assert (test.p == pytest.approx(approximate, rel=1e-9)) == (method == "asymptotic")
        paired = rank_test_of_two(first, second, paired=True)
        assert paired.method == "exact"  # fewer than 51 seeds differ
        assert paired.p == pytest.approx(stats.wilcoxon(first, second).pvalue, rel=0.03)


def test_without_ties_p_at_fifty_seeds_is_the_exact_one_of_scipy() -> None:
    first, second = np.random.default_rng(2).normal(size=(2, 50))
    exact = stats.mannwhitneyu(first, second, method="exact").pvalue
    assert rank_test_of_two(first, second).p == pytest.approx(exact, rel=1e-9)
    exact = stats.wilcoxon(first - second, method="exact").pvalue
    assert rank_test_of_two(first, second, paired=True).p == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    "gaps",
    [
        [1, -1, 2, 2, 3],
        [2, 3, 0, 4, -5],  # a zero alone
        [-1, -2, -2, -3, -4, -5],
        [1, -1, 2, 2, 0, 3, -3, 4],
        [1, 1, -2, 2, 2, 3, 3, 4, 5],
    ],
)
def test_a_paired_test_with_ties_is_enumerated_over_the_signs(gaps: list[float]) -> None:
    # Zeros are left out: Wilcoxon's own way, and scipy's default.
    doubled = [int(2 * rank) for rank in stats.rankdata([abs(gap) for gap in gaps if gap])]
    observed = sum(rank for rank, gap in zip(doubled, filter(None, gaps), strict=True) if gap > 0)
    totals = [
        sum(itertools.compress(doubled, signs))
        for signs in itertools.product((0, 1), repeat=len(doubled))
    ]
    below = sum(total <= observed for total in totals)
    above = sum(total >= observed for total in totals)
    test = rank_test_of_two(np.zeros(len(gaps)), np.array(gaps, dtype=float), paired=True)
    assert (test.method, test.ties) == ("exact", True)
    assert test.p == pytest.approx(min(1.0, 2 * min(below, above) / len(totals)), abs=1e-12)


def test_ties_among_several_variants_are_seen_within_the_seeds_or_among_all_runs() -> None:
    distinct = [np.array(row, dtype=float) for row in ([1, 2, 3], [4, 5, 6], [7, 8, 9])]
    for paired in (False, True):
        assert rank_test_of_all(distinct, paired=paired).ties is False
    across = [distinct[0], distinct[1], np.array([7.0, 1.0, 9.0])]  # 1 comes twice, in two seeds
    assert rank_test_of_all(across).ties is True
    assert rank_test_of_all(across, paired=True).ties is False
    within = [distinct[0], distinct[1], np.array([1.0, 8.0, 9.0])]
    assert rank_test_of_all(within, paired=True).ties is True
    # A seed that all variants agree on says nothing and leaves the others their say.
    agreed = [np.array([5.0, *row]) for row in distinct]
    test = rank_test_of_all(agreed, paired=True)
    assert (test.ties, test.p) == (True, pytest.approx(6 / 216))
