"""Exponents of power laws with intervals over seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from poolbench.stats import fit_rate

X = (10, 20, 50, 100, 200)


def test_the_exponent_of_an_exact_power_is_found_to_the_last_digits() -> None:
    rate = fit_rate(X, [[3 * x**-1.5 for x in X], [7 * x**-1.5 for x in X]])
    assert rate.exponent == pytest.approx(-1.5, abs=1e-12)
    assert rate.ci_low == pytest.approx(rate.ci_high, abs=1e-9)
    assert rate.r_squared == pytest.approx(1.0)


def test_the_interval_is_over_seeds_and_covers_as_often_as_it_says() -> None:
    # Each seed's curve lies as a whole above or below the law, as shared data make it.
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        slopes = random.normal(-1, 0.2, size=4)
        rate = fit_rate(X, [[x**slope for x in X] for slope in slopes])
        covered += rate.ci_low < -1 < rate.ci_high
    assert 0.92 < covered / 400 < 0.98


def test_one_seed_has_no_interval_and_values_without_a_logarithm_no_rate() -> None:
    one = fit_rate(X, [[1 / x for x in X]])
    assert one.exponent == pytest.approx(-1)
    assert math.isnan(one.ci_low)
    assert math.isnan(fit_rate(X, [[1, 1, 0, 1, 1]]).exponent)
    assert math.isnan(fit_rate(X, [[1, 1, math.nan, 1, 1]]).exponent)
    assert math.isnan(fit_rate(X, [[1, 1, 1, 1, 1], [1, 1, math.inf, 1, 1]]).exponent)


def test_the_interval_is_students_over_the_slopes_of_the_seeds() -> None:
    curves = [[x**slope for x in X] for slope in (-1.1, -0.9)]
    # t(0.975; 1) and t(0.95; 1) are 12.706 and 6.314 in any table; the standard error is 0.1.
    for confidence, t in ((0.95, 12.706), (0.9, 6.314)):
        rate = fit_rate(X, curves, confidence=confidence)
        assert (rate.ci_low, rate.ci_high) == pytest.approx((-1 - t / 10, -1 + t / 10), abs=1e-4)
    assert rate.seeds == pytest.approx((-1.1, -0.9))
