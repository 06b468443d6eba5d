from __future__ import annotations

import math

import numpy as np
import pytest

from poolbench.stats import estimate

NAN = math.nan


def test_mean_spread_and_median_are_over_the_finite_runs_alone() -> None:
    summary = estimate([1.0, NAN, 4.0, None, 2.5, math.inf])
    assert (summary.n, summary.n_diverged, summary.n_missing) == (3, 2, 1)
    assert summary.n_asked == 6
    assert summary.mean == pytest.approx(2.5)
    assert summary.std == pytest.approx(1.5)
    assert summary.median == pytest.approx(2.5)


def test_the_interval_uses_students_quantile_for_n_minus_one() -> None:
    # t(0.975; 2) = 4.302653 in any table; the half width is t std / sqrt(n).
    summary = estimate([1.0, 2.0, 3.0])
    assert summary.ci_high - summary.mean == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert summary.mean - summary.ci_low == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)


def test_a_single_run_has_a_mean_and_no_spread() -> None:
    summary = estimate([0.9])
    assert summary.mean == 0.9
    assert math.isnan(summary.std)
    assert math.isnan(summary.ci_low)


def test_without_a_finite_run_nothing_is_estimated() -> None:
    summary = estimate([NAN, None])
    assert math.isnan(summary.mean)
    assert math.isnan(summary.median)
    assert (summary.n, summary.n_diverged, summary.n_missing) == (0, 1, 1)


@pytest.mark.parametrize("n", [3, 10])
def test_the_interval_covers_the_true_mean_as_often_as_it_says(n: int) -> None:
    generator = np.random.default_rng(7)
    trials = 1500
    covered = 0
    for sample in generator.normal(size=(trials, n)):
        summary = estimate(list(sample))
        covered += summary.ci_low <= 0.0 <= summary.ci_high
    # Three standard errors of a proportion of 0.95 over the trials.
    assert abs(covered / trials - 0.95) < 3 * math.sqrt(0.95 * 0.05 / trials)
