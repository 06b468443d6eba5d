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
