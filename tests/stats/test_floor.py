from __future__ import annotations

import itertools
import math

import pytest
from scipy import stats

from poolbench.stats import floor_message, seeds_needed, smallest_p, smallest_p_paired


@pytest.mark.parametrize(("n", "floor"), [(3, 0.1), (4, 2 / 70), (5, 2 / 252), (6, 2 / 924)])
def test_complete_separation_reaches_the_floor_and_nothing_goes_below(n: int, floor: float) -> None:
    reached = stats.mannwhitneyu(range(n), range(n, 2 * n), method="exact").pvalue
    assert smallest_p(n, n) == pytest.approx(floor) == pytest.approx(reached)


def test_the_floor_of_three_samples_is_the_share_of_arrangements_as_extreme_as_separation() -> None:
    def between(groups: tuple[tuple[int, ...], ...]) -> float:
        return sum(sum(group) ** 2 / len(group) for group in groups)

    arrangements = [
        (first, second, tuple(set(range(6)) - set(first) - set(second)))
        for first in itertools.combinations(range(6), 2)
        for second in itertools.combinations(sorted(set(range(6)) - set(first)), 2)
    ]
    statistics = [between(groups) for groups in arrangements]
    extreme = sum(math.isclose(value, max(statistics)) for value in statistics)
    assert smallest_p(2, 2, 2) == pytest.approx(extreme / len(arrangements))


def test_the_paired_floor_is_that_of_wilcoxons_exact_test() -> None:
    for n in (3, 5, 8):
        reached = stats.wilcoxon(range(1, n + 1), method="exact").pvalue
        assert smallest_p_paired(n) == pytest.approx(reached)
    assert smallest_p_paired(3, 3) == pytest.approx(6 / 6**3)


@pytest.mark.parametrize(
    ("comparisons", "seeds"), [(1, 4), (2, 5), (6, 5), (7, 6), (23, 6), (24, 7), (85, 7)]
)
def test_seeds_needed_grow_with_the_family(comparisons: int, seeds: int) -> None:
    assert seeds_needed(0.05, comparisons) == seeds


@pytest.mark.parametrize(("comparisons", "seeds"), [(1, 6), (3, 7), (5, 8), (7, 9), (9, 9)])
def test_paired_designs_need_more_seeds(comparisons: int, seeds: int) -> None:
    assert seeds_needed(0.05, comparisons, paired=True) == seeds


def test_the_floor_of_large_samples_does_not_overflow() -> None:
    assert 0 <= smallest_p(3000, 3000) < 1e-300
    assert smallest_p_paired(5000) == 0


def test_the_message_says_what_so_few_seeds_cannot_show_and_how_many_could() -> None:
    assert floor_message((3, 3), 0.05, 5, paired=False) == (
        "3 seeds vs 3: the smallest possible p is 0.1, so no pair can differ at alpha = 0.05 over "
        "5 comparisons; this needs 5 seeds each"
    )
    assert floor_message((1, 1), 0.05, 1, paired=True) == (
        "no test exists for a single seed, so no pair can differ at alpha = 0.05 over "
        "1 comparison; this needs 6 seeds each"
    )
