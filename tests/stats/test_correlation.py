"""Rank correlation, its interval and its p."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from poolbench.stats import rank_correlation
from poolbench.stats.correlation import spearman_rho


def test_a_curved_rise_is_a_perfect_one_and_p_is_that_of_all_orders() -> None:
    found = rank_correlation([1, 2, 3, 4, 5], [1, 4, 9, 16, 25])
    assert found.rho == pytest.approx(1)
    assert found.p == pytest.approx(2 / math.factorial(5))


def test_ties_are_given_their_mean_rank() -> None:
    x, y = [1, 2, 2, 3, 4, 7], [2, 1, 3, 3, 5, 4]
    assert rank_correlation(x, y).rho == pytest.approx(stats.spearmanr(x, y).statistic)


def test_items_without_a_value_are_left_out_and_counted() -> None:
    found = rank_correlation([1, math.nan, 3, 4, 5], [5, 4, 3, 2, math.inf])
    assert (found.n, found.rho) == (3, pytest.approx(-1))
    assert math.isnan(found.ci_low)
    assert math.isnan(rank_correlation([1, 1, 1, 1], [1, 2, 3, 4]).rho)


def test_the_interval_covers_and_p_is_uniform_where_nothing_is_associated() -> None:
    random = np.random.default_rng(1)
    made = [rank_correlation(*random.normal(size=(2, 12))) for _ in range(80)]
    assert 0.90 < np.mean([m.ci_low < 0 < m.ci_high for m in made]) < 0.99
    assert 0.01 < np.mean([m.p < 0.05 for m in made]) < 0.10


def coverage(r: float, n: int, seed: int) -> float:
    """Return how often the interval of n normal pairs with correlation r covers their rho."""
    # Spearman's rho of a normal pair with correlation r is 6/pi arcsin(r/2).
    random, true = np.random.default_rng(seed), 6 / math.pi * math.asin(r / 2)
    covered = 0
    for _ in range(80):
        x, noise = random.normal(size=(2, n))
        found = rank_correlation(x, r * x + math.sqrt(1 - r * r) * noise)
        covered += found.ci_low < true < found.ci_high
    return covered / 80


def test_the_interval_covers_a_real_association() -> None:
    assert 0.90 < coverage(0.6, 15, seed=2) < 0.99


def test_rho_and_p_are_those_of_the_hand() -> None:
    # d^2 sums to 6: rho = 1 - 6 6 / (6 35).
    found = rank_correlation([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5])
    assert found.rho == spearman_rho([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5])
    assert found.rho == pytest.approx(29 / 35)
    # 21 of the 720 orders agree as well or better.
    assert found.p == pytest.approx(2 * 21 / 720)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_order_of_few_has_no_interval_and_one_of_eight_is_not_certain(sign: int) -> None:
    seven = rank_correlation(range(7), [sign * i for i in range(7)])
    assert (seven.rho, math.isnan(seven.ci_low), math.isnan(seven.ci_high)) == (sign, True, True)
    eight = rank_correlation(range(8), [sign * i for i in range(8)])
    near, far = sorted((sign * eight.ci_low, sign * eight.ci_high), reverse=True)
    # One exchange of neighbours: rho = 1 - 12 / 504; tanh(atanh(rho) - 1.96 sqrt(.2953)).
    assert near == 1
    assert far == pytest.approx(0.8158, abs=2e-4)


def test_an_interval_widens_with_its_level() -> None:
    x, y = np.random.default_rng(5).normal(size=(2, 9))
    narrow, wide = (rank_correlation(x, y, confidence=level) for level in (0.5, 0.99))
    assert wide.ci_low < narrow.ci_low < narrow.rho < narrow.ci_high < wide.ci_high


def test_the_interval_covers_a_high_correlation_of_eight() -> None:
    # Fisher's z alone covers 0.89 here, as the bootstrap alone does in perfect orders.
    assert coverage(0.95, 8, seed=6) > 0.9


@pytest.mark.parametrize("x", [[], [1.0], [math.nan, 2.0]])
def test_fewer_than_two_items_and_items_all_alike_have_no_correlation(x: list[float]) -> None:
    found = rank_correlation(x, x)
    assert found.n == sum(map(math.isfinite, x))
    assert math.isnan(found.rho)
    assert math.isnan(found.p)
    for first, second in (([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [1, 1, 1])):
        assert math.isnan(rank_correlation(first, second).p)


def test_p_of_more_items_than_can_be_enumerated_repeats_exactly() -> None:
    # One of 10^4 orders, the given one included, on either side.
    assert rank_correlation(range(12), range(12)).p == pytest.approx(2e-4)
    x, y = np.random.default_rng(3).normal(size=(2, 12))
    assert rank_correlation(list(x), list(y)).p == rank_correlation(list(x), list(y)).p
