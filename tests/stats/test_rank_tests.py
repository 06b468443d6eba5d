from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from poolbench.stats.rank_tests import mean_ranks, rank_test_of_all, rank_test_of_two

NAN, INF = math.nan, math.inf


def arr(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_without_ties_p_is_scipys() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=12), generator.normal(0.5, size=30)
    expected = stats.mannwhitneyu(first, second, method="exact").pvalue
    test = rank_test_of_two(first, second)
    assert (test.p, test.ties) == (pytest.approx(expected), False)
    expected = stats.mannwhitneyu(first[:8], second[:20], method="exact").pvalue
    assert rank_test_of_two(first[:8], second[:20]).p == pytest.approx(expected)


def test_a_single_run_has_no_test() -> None:
    alone = rank_test_of_two(arr(1), arr(2, 3, 4))
    assert (alone.p, alone.method, alone.excess) == (None, "none", 0)
    assert rank_test_of_two(arr(1, NAN), arr(2, 3), paired=True).p is None
    for alone in (arr(1, NAN), arr(NAN, NAN)):
        test = rank_test_of_all([alone, arr(2, 3), arr(4, 5)], paired=True)
        assert (test.name, test.method, test.p, test.smallest_p) == ("Friedman", "none", None, 1)
        assert test.ties is False


def test_two_runs_have_a_test() -> None:
    assert rank_test_of_two(arr(1, 2), arr(3, 4)).p == pytest.approx(2 / 6)
    assert rank_test_of_two(arr(1, 2), arr(3, 5), paired=True).p == pytest.approx(2 / 4)
    # Of the 90 ways to put six runs in three pairs 6 are as far apart, of the 36 of two seeds 6.
    three = [arr(1, 2), arr(3, 4), arr(5, 6)]
    assert rank_test_of_all(three).p == pytest.approx(6 / 90)
    assert rank_test_of_all(three, paired=True).p == pytest.approx(6 / 36)


def test_a_floor_is_no_lower_than_the_permutations_that_are_drawn() -> None:
    sevens = [np.arange(7.0) + 10 * k for k in range(3)]
    test = rank_test_of_all(sevens)
    assert (test.method, test.smallest_p, test.p) == ("permutation", 1e-4, pytest.approx(1e-4))
    # Six orders of 1680 arrangements of three times three are more.
    assert rank_test_of_all([arr(1, 2, 3)] * 3).smallest_p == pytest.approx(6 / 1680)


def test_equal_samples_are_no_evidence() -> None:
    assert rank_test_of_two(arr(1, 1, 1), arr(1, 1, 1)).p == 1
    for same in (
        rank_test_of_two(arr(1, 1), arr(1, 1)),
        rank_test_of_two(arr(1, 2), arr(1, 2), paired=True),
        rank_test_of_all([arr(1, 1)] * 3),
        rank_test_of_all([arr(1, 2)] * 3, paired=True),
    ):
        assert (same.method, same.ties, same.excess) == ("auto", True, 0)
    for many in (10, 20):
        ones = np.ones(many)
        for paired in (False, True):
            assert rank_test_of_two(ones, ones, paired=paired).p == 1
            assert rank_test_of_all([ones] * 3, paired=paired).p == 1
    assert rank_test_of_two(arr(1, 2, 3), arr(1, 2, 3), paired=True).p == 1
    assert rank_test_of_all([arr(1, 1)] * 3).p == 1
    assert rank_test_of_all([arr(1, 2)] * 3, paired=True).p == 1


def test_a_diverged_run_ranks_as_the_worst_and_a_missing_one_not_at_all() -> None:
    clean = rank_test_of_two(arr(1, 2, 3, 4), arr(5, 6, 7, 8))
    assert rank_test_of_two(arr(1, 2, 3, 4), arr(5, 6, 7, INF)).p == clean.p
    assert rank_test_of_two(arr(1, NAN, 2, 3, 4), arr(5, 6, 7, 8)).p == clean.p
    assert rank_test_of_two(arr(1, 2, 3, 4), arr(5, 6, 7, INF)).excess > 0


def test_paired_tests_see_the_differences_and_not_the_seeds() -> None:
    seeds = arr(0, 10, 20, 30, 40, 50, 60, 70)
    gains = arr(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    assert rank_test_of_two(seeds, seeds - gains, paired=True).p == pytest.approx(2 / 2**8)
    assert rank_test_of_two(seeds, seeds - gains).p == pytest.approx(
        stats.mannwhitneyu(seeds, seeds - gains).pvalue
    )
    assert rank_test_of_two(seeds, seeds - gains, paired=True).excess < 0


def test_paired_tests_of_many_seeds_without_ties_stay_exact() -> None:
    gaps = np.random.default_rng(6).normal(0.3, size=20)
    test = rank_test_of_two(np.zeros(20), gaps, paired=True)
    assert (test.p, test.ties) == (
        pytest.approx(stats.wilcoxon(gaps, method="exact").pvalue),
        False,
    )


def test_in_a_paired_test_a_divergence_is_the_largest_difference_and_two_cancel() -> None:
    first, second = arr(1, 2, 3, 4, 5, INF), arr(1.1, 2.2, 3.3, 4.4, INF, INF)
    expected = stats.wilcoxon([1, 2, 3, 4, 5]).pvalue
    assert rank_test_of_two(first, second, paired=True).p == pytest.approx(expected)


def test_several_large_samples_are_scipys_kruskal_and_friedman() -> None:
    samples = list(np.random.default_rng(2).normal(size=(4, 9)))
    assert rank_test_of_all(samples).p == pytest.approx(stats.kruskal(*samples).pvalue)
    expected = stats.friedmanchisquare(*samples).pvalue
    assert rank_test_of_all(samples, paired=True).p == pytest.approx(expected)


def test_several_small_samples_are_permuted_and_repeat_exactly() -> None:
    separated = [arr(1, 2, 3), arr(4, 5, 6), arr(7, 8, 9)]
    test = rank_test_of_all(separated)
    assert (test.method, test.p) == ("permutation", pytest.approx(6 / 1680))
    assert rank_test_of_all(separated, paired=True).p == pytest.approx(6 / 216)
    random = list(np.random.default_rng(3).normal(size=(5, 6)))
    assert rank_test_of_all(random).p == rank_test_of_all(random).p


def test_a_group_of_seven_is_permuted_and_groups_of_eight_are_scipys() -> None:
    random = np.random.default_rng(4)
    sevens, eights = list(random.normal(size=(3, 7))), list(random.normal(size=(3, 8)))
    for paired, function in ((False, stats.kruskal), (True, stats.friedmanchisquare)):
        assert (
            rank_test_of_all([*eights, random.normal(size=8)], paired=paired).method == "asymptotic"
        )
        test = rank_test_of_all(eights, paired=paired)
        assert (test.method, test.p) == ("asymptotic", pytest.approx(function(*eights).pvalue))
        assert rank_test_of_all(sevens, paired=paired).method == "permutation"
    assert rank_test_of_all([sevens[0], *eights]).method == "permutation"


def test_p_of_a_few_small_samples_is_the_enumerated_permutation_p() -> None:
    samples = [arr(1, 4, 4, 5, 6, 7, 9), arr(8, 9), arr(2, 7)]
    ranks = stats.rankdata(np.concatenate(samples))

    def statistic(first: tuple[int, ...], second: tuple[int, ...]) -> float:
        """Return Kruskal's H but for the share of ties, which no arrangement changes."""
        third = {*range(11)} - {*first, *second}
        sums = (
            sum(ranks[run] for run in which) ** 2 / len(which) for which in (first, second, third)
        )
        return 12 / (11 * 12) * sum(sums) - 3 * 12

    observed = statistic(tuple(range(7)), (7, 8))
    share_of_ties = 3 * (2**3 - 2) / (11**3 - 11)  # two fours, two sevens, two nines
    assert observed / (1 - share_of_ties) == pytest.approx(stats.kruskal(*samples).statistic)
    statistics = [
        statistic(first, second)
        for first in itertools.combinations(range(11), 7)
        for second in itertools.combinations(sorted({*range(11)} - {*first}), 2)
    ]
    expected = np.mean([value >= observed - 1e-9 for value in statistics])
    assert rank_test_of_all(samples).p == pytest.approx(expected, abs=1e-12)


def test_small_paired_samples_are_permuted_within_the_seeds_that_all_have() -> None:
    # Seeds that lie far apart: pooled ranks would see the seeds and not the variants.
    blocks = [(1, 2, 4), (10, 13, 11), (21, 20, 25), (30, 31, 33)]
    ranked = [stats.rankdata(block) for block in blocks]

    def spread(rows: Sequence[Sequence[float]]) -> float:
        return sum(sum(column) ** 2 for column in zip(*rows, strict=True))

    arrangements = list(itertools.product(*(itertools.permutations(row) for row in ranked)))
    expected = np.mean([spread(rows) >= spread(ranked) - 1e-9 for rows in arrangements])
    first, second, third = np.array([*blocks, (40, math.nan, 50)], dtype=float).T
    test = rank_test_of_all([first, second, third], paired=True)
    assert (test.name, test.p) == ("Friedman", pytest.approx(expected, abs=1e-12))


def test_of_two_samples_the_test_is_that_of_two() -> None:
    first, second = arr(1, 2, 3, 4), arr(3.5, 5, 6, 7)
    for paired, name in ((False, "Mann-Whitney U"), (True, "Wilcoxon signed-rank")):
        test = rank_test_of_all([first, second], paired=paired)
        assert test == rank_test_of_two(first, second, paired=paired)
        assert test.name == name


def test_mean_ranks_are_pooled_or_within_seeds() -> None:
    samples = [arr(1, 5), arr(2, NAN), arr(INF, 6)]
    assert mean_ranks(samples) == [2.0, 2.0, 4.5]
    assert mean_ranks(samples, paired=True) == [1.0, 2.0, 3.0]
    seeds = [arr(1, 5, 9), arr(2, 4, 8), arr(3, 3, NAN)]
    assert mean_ranks(seeds, paired=True) == [2.0, 2.0, 2.0]
    seeds = [arr(1, 50), arr(2, 40), arr(3, 60)]
    assert mean_ranks(seeds, paired=True) == [1.5, 1.5, 3.0]
