from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from poolbench.stats.rank_over_conditions import compare_ranks, mean_ranks_over, ranks_in

# Ranks of four classifiers on 14 data sets: Demsar 2006, table 6.
_DEMSAR = """
4 3 2 1
1 2 3 4
4 1 2 3
4 1 3 2
4 2 3 1
1 2.5 4 2.5
3 2 4 1
2.5 2.5 4 1
4 3 2 1
2.5 2.5 2.5 2.5
4 2.5 1 2.5
3 2 4 1
4 1 2 3
3 1 4 2
"""
DEMSAR = [
    dict(zip(("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"), map(float, line.split()), strict=True))
    for line in _DEMSAR.strip().splitlines()
]


def test_the_published_example_has_its_mean_ranks_and_critical_difference() -> None:
    means = mean_ranks_over(DEMSAR)
    assert [round(mean, 3) for mean in means.values()] == [3.143, 2.0, 2.893, 1.964]
    # Section 3.2.2: 1.25 at alpha = 0.05 and 1.12 at 0.10.
    assert compare_ranks(DEMSAR).critical_difference == pytest.approx(1.25, abs=0.005)
    found = compare_ranks(DEMSAR, alpha=0.10)
    assert found.critical_difference == pytest.approx(1.12, abs=0.005)
    # Section 3.2.2: at 0.10 C4.5 is worse than C4.5+m and C4.5+m+cf; of C4.5+cf nothing is known.
    assert found.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5"))
    assert found.differ("C4.5", "C4.5+m")
    assert not found.differ("C4.5", "C4.5+cf")


def test_friedman_is_that_of_the_published_example() -> None:
    # Without the correction for ties chi-squared is 9.28, of 3 degrees of freedom; two blocks of
    # four and two pairs of tied ranks make it larger.
    assert stats.chi2.sf(9.28, 3) == pytest.approx(0.0258, abs=1e-4)
    assert compare_ranks(DEMSAR).p < 0.0258
    assert compare_ranks(DEMSAR).is_decided


def test_pairs_are_those_of_scikit_posthocs() -> None:
    # scikit-posthocs 0.17.1, posthoc_nemenyi_friedman of the ranks above: p of C4.5 against
    # each of the others.
    means = mean_ranks_over(DEMSAR)
    for name, p in (("C4.5+m", 0.08867271), ("C4.5+cf", 0.95617718), ("C4.5+m+cf", 0.0741848)):
        distance = abs(means["C4.5"] - means[name])
        just_above, just_below = p * 1.001, p * 0.999
        assert compare_ranks(DEMSAR, alpha=just_above).critical_difference < distance
        assert compare_ranks(DEMSAR, alpha=just_below).critical_difference > distance


def test_nothing_differs_where_friedman_does_not_reject() -> None:
    # The best and the worst mean rank are 5.25 apart, more than the critical difference of 4.79.
    rows = """
    1 10 6 7 4 3 2 5 8 9
    1 8 2 9 5 10 3 6 7 4
    6 1 2 4 10 5 3 7 9 8
    1 8 4 10 9 3 6 5 7 2
    1 10 9 7 4 2 8 6 3 5
    7 10 5 3 1 4 6 2 9 8
    2 10 8 1 6 4 5 7 3 9
    3 7 10 2 8 9 4 1 6 5
    """
    lines = [line.split() for line in rows.strip().splitlines()]
    ranks = [dict(zip("abcdefghij", map(float, line), strict=True)) for line in lines]
    found = compare_ranks(ranks)
    assert found.p == pytest.approx(0.0955, abs=1e-4)
    assert not found.is_decided
    assert not found.differ("a", "b")
    assert [len(group) for group in found.groups] == [10]


def test_groups_are_largest_and_overlap() -> None:
    # Mean ranks 1 to 7 in each of 20 conditions: a critical difference of about 2.01.
    names = "abcdefg"
    found = compare_ranks([dict(zip(names, map(float, range(1, 8)), strict=True))] * 20)
    assert found.critical_difference == pytest.approx(2.01, abs=0.01)
    assert ["".join(group) for group in found.groups] == ["abc", "bcd", "cde", "def", "efg"]


def test_a_group_within_another_is_not_listed() -> None:
    ranks = [{"a": 1.0, "b": 2.0, "c": 3.0}] * 4 + [{"a": 1.0, "b": 3.0, "c": 2.0}] * 4
    assert compare_ranks(ranks).groups == (("b", "c"),)


def test_two_variants_have_the_sign_test() -> None:
    first, second = {"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 1.0}
    found = compare_ranks([first] * 8 + [{"a": 1.5, "b": 1.5}] * 3)
    assert (found.name, found.critical_difference) == ("sign test", None)
    assert found.p == pytest.approx(2 / 2**8)  # ties are no wins of either
    assert found.differ("a", "b")
    assert not compare_ranks([first] * 7 + [second] * 2).differ("a", "b")
    assert compare_ranks([{"a": 1.5, "b": 1.5}] * 9).p == 1.0


def test_conditions_without_any_difference_decide_nothing() -> None:
    found = compare_ranks([dict.fromkeys("abc", 2.0)] * 9)
    assert (found.p, found.is_decided) == (1.0, False)


def test_variants_rank_by_exact_means_and_ties_share_a_rank() -> None:
    # In floats 0.1 + 0.2 > 0.3; costs are whole steps.
    costs = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 0.0]), "c": np.array([0.0, 1.0])}
    assert ranks_in(costs) == {"a": 2.5, "b": 2.5, "c": 1.0}


def test_a_diverged_run_counts_as_the_worst_and_a_variant_of_them_ranks_last() -> None:
    costs = {
        "steady": np.array([5.0, 5.0, 5.0]),
        "lucky": np.array([1.0, 1.0, math.inf]),
        "lost": np.full(3, math.inf),
        "worst": np.array([9.0, 9.0, 9.0]),
    }
    # 1, 1 and the worst finite cost, 9, are 11 together, less than 15.
    assert ranks_in(costs) == {"lucky": 1.0, "steady": 2.0, "worst": 3.0, "lost": 4.0}


@pytest.mark.parametrize(("k", "n"), [(3, 8), (6, 8), (6, 20)])
def test_equal_variants_are_rarely_told_apart(k: int, n: int) -> None:
    generator = np.random.default_rng(11)
    wrong = 0
    for _ in range(400):
        ranks = [
            {str(name): float(rank) for name, rank in enumerate(generator.permutation(k), 1)}
            for _ in range(n)
        ]
        wrong += compare_ranks(ranks).is_decided
    assert wrong / 400 < 0.085  # three standard errors above 0.05
