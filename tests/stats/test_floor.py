from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import pytest
from scipy import stats

from poolbench.stats import floor_message, seeds_needed, smallest_p, smallest_p_paired


@pytest.mark.parametrize(("n", "floor"), [(3, 0.1), (4, 2 / 70), (5, 2 / 252), (6, 2 / 924)])
def test_complete_separation_reaches_the_floor_and_nothing_goes_below(n: int, floor: float) -> None:
    reached = stats.mannwhitneyu(range(n), range(n, 2 * n), method="exact").pvalue
    assert smallest_p(n, n) == pytest.approx(floor) == pytest.approx(reached)


@pytest.mark.parametrize(
    ("n", "m", "floor"),
    # 2 / C(n + m, n): either sample may be the lower one.
    [(1, 2, 2 / 3), (2, 3, 2 / 10), (3, 5, 2 / 56), (5, 3, 2 / 56), (2, 30, 2 / 496)],
)
def test_complete_separation_of_samples_of_two_sizes_reaches_the_floor(
    n: int, m: int, floor: float
) -> None:
    reached = stats.mannwhitneyu(range(n), range(n, n + m), method="exact").pvalue
    assert smallest_p(n, m) == pytest.approx(floor) == pytest.approx(reached)


def share_of_the_most_extreme(values: Sequence[float], sizes: Sequence[int]) -> float:
    """Return the share of arrangements of the values that Kruskal's H is largest at."""

    def between(left: frozenset[int], sizes: Sequence[int]) -> Iterator[float]:
        if not sizes:
            yield 0.0
            return
        for group in itertools.combinations(sorted(left), sizes[0]):
            own = sum(values[run] for run in group) ** 2 / len(group)
            yield from (own + rest for rest in between(left - {*group}, sizes[1:]))

    found = list(between(frozenset(range(len(values))), sizes))
    return sum(math.isclose(value, max(found)) for value in found) / len(found)


@pytest.mark.parametrize("sizes", [(2, 2, 2), (3, 3, 3), (2, 2, 2, 2)])
def test_the_floor_of_several_samples_is_the_share_of_arrangements_as_extreme_as_separation(
    sizes: tuple[int, ...],
) -> None:
    reached = share_of_the_most_extreme(range(sum(sizes)), sizes)
    assert smallest_p(*sizes) == pytest.approx(reached)


@pytest.mark.parametrize("sizes", [(2, 3, 4), (4, 2, 2), (2, 2, 3), (1, 2, 3)])
def test_several_samples_of_unequal_sizes_never_go_below_their_floor(
    sizes: tuple[int, ...],
) -> None:
    # Tied within the samples, there is one arrangement that separates samples of unequal sizes.
    tied = [level for level, size in enumerate(sizes) for _ in range(size)]
    lowest = share_of_the_most_extreme(stats.rankdata(tied), sizes)
    assert smallest_p(*sizes) == pytest.approx(lowest)
    assert smallest_p(*sizes) <= share_of_the_most_extreme(range(sum(sizes)), sizes)


def test_a_floor_below_all_floats_is_zero_and_the_last_above_is_exact() -> None:
    # Of two samples the floor falls below the smallest float at 541 runs each.
    exact = {n: 2 / math.comb(2 * n, n) for n in range(535, 545)}
    assert {n: smallest_p(n, n) for n in exact} == exact
    assert 0 in exact.values()
    assert max(exact.values()) > 0
    assert smallest_p(*[4_166] * 24) == 0


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


def test_to_touch_alpha_is_not_to_go_below_it() -> None:
    # 2 / C(6, 3) is 0.1, and 2 / 2^5 is 0.0625.
    assert (seeds_needed(0.1), seeds_needed(0.1001)) == (4, 3)
    assert (seeds_needed(0.0625, paired=True), seeds_needed(0.0626, paired=True)) == (6, 5)


def test_no_design_has_fewer_than_two_seeds_and_an_empty_sample_shows_nothing() -> None:
    assert seeds_needed(0.99) == seeds_needed(0.99, paired=True) == 2
    assert smallest_p_paired(0) == smallest_p_paired(1) == 1
    assert smallest_p(0, 5) == smallest_p(5, 0) == smallest_p(5, 0, 5) == 1


def test_the_floor_of_large_samples_does_not_overflow() -> None:
    assert 0 <= smallest_p(3000, 3000) < 1e-300
    assert smallest_p_paired(5000) == 0


def test_the_message_says_what_so_few_seeds_cannot_show_and_how_many_could() -> None:
    assert floor_message((3, 3), 0.05, 5, paired=False) == (
        "3 seeds vs 3: the smallest possible p is 0.1, so no pair can differ at alpha = 0.05 over "
        "5 comparisons; this needs 5 seeds each"
    )
    assert floor_message((2, 5), 0.05, 2, paired=False) == (
        "2 seeds vs 5: the smallest possible p is 0.0952, so no pair can differ at alpha = 0.05 "
        "over 2 comparisons; this needs 5 seeds each"
    )
    assert floor_message((5, 5), 0.05, 1, paired=True) == (
        "5 paired seeds: the smallest possible p is 0.0625, so no pair can differ at alpha = 0.05 "
        "over 1 comparison; this needs 6 seeds each"
    )
    for sizes in ((5, 6), (6, 5)):  # of six seeds those count that both have
        assert floor_message(sizes, 0.05, 1, paired=True) == (
            "5 paired seeds: the smallest possible p is 0.0625, so no pair can differ at alpha = "
            "0.05 over 1 comparison; this needs 6 seeds each"
        )
    assert floor_message((3, 1), 0.05, 1, paired=False).startswith("no test exists")
    assert floor_message((1, 1), 0.05, 1, paired=True) == (
        "no test exists for a single seed, so no pair can differ at alpha = 0.05 over "
        "1 comparison; this needs 6 seeds each"
    )
