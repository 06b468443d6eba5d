"""Rank correlation, its interval and its p."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from poolbench.stats import rank_correlation


def test_a_curved_rise_is_a_perfect_one_and_p_is_that_of_all_orders() -> None:
    found = rank_correlation([1, 2, 3, 4, 5], [1, 4, 9, 16, 25])
    assert found.rho == pytest.approx(1)
    assert found.p == pytest.approx(2 / math.factorial(5))
    assert found.ci_high == pytest.approx(1)


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
    made = [rank_correlation(*random.normal(size=(2, 12))) for _ in range(200)]
    assert 0.90 < np.mean([m.ci_low < 0 < m.ci_high for m in made]) < 0.99
    assert 0.01 < np.mean([m.p < 0.05 for m in made]) < 0.10


def test_the_interval_covers_a_real_association() -> None:
    # Spearman's rho of a normal pair with correlation r is 6/pi arcsin(r/2).
    random, r = np.random.default_rng(2), 0.6
    true = 6 / math.pi * math.asin(r / 2)
    covered = 0
    for _ in range(200):
        x, noise = random.normal(size=(2, 15))
        found = rank_correlation(x, r * x + math.sqrt(1 - r * r) * noise)
        covered += found.ci_low < true < found.ci_high
    assert 0.90 < covered / 200 < 0.99


def test_rho_its_interval_and_p_are_those_of_the_hand() -> None:
    # d^2 sums to 6: rho = 1 - 6 6 / (6 35); tanh(atanh(rho) -+ 1.96 sqrt((1 + rho^2 / 2) / 3)).
    found = rank_correlation([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5])
    assert found.rho == pytest.approx(29 / 35)
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.127245, 0.986482), abs=1e-6)
    wider = rank_correlation([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5], confidence=0.99)
    assert wider.ci_low < found.ci_low < found.ci_high < wider.ci_high
    # 21 of the 720 orders agree as well or better.
    assert found.p == pytest.approx(2 * 21 / 720)


def test_a_perfect_fall_of_four_has_an_interval_and_three_have_none() -> None:
    fall = rank_correlation([1, 2, 3, 4], [4, 3, 2, 1])
    assert (fall.rho, fall.ci_low) == (pytest.approx(-1), pytest.approx(-1))
    assert fall.p == pytest.approx(2 / 24)
    assert math.isfinite(fall.ci_high)
    two = rank_correlation([1, 2], [1, 2])
    assert (two.rho, two.n) == (pytest.approx(1), 2)
    assert math.isnan(two.ci_low)


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
