from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from poolbench.stats.equivalence import equivalence_p

GENERATOR = np.random.default_rng(9)
X, Y = GENERATOR.normal(0, 1, size=12), GENERATOR.normal(0.2, 2, size=12)


@pytest.mark.parametrize("shift", [-3.0, 0.0, 3.0])
def test_both_sides_have_to_lie_within_the_margin(shift: float) -> None:
    expected = ttost_ind(Y + shift, X, -1.5, 1.5, usevar="unequal")[0]
    assert equivalence_p(X, Y + shift, 1.5) == pytest.approx(expected)
    expected = ttost_paired(Y + shift, X, -1.5, 1.5)[0]
    assert equivalence_p(X, Y + shift, 1.5, paired=True) == pytest.approx(expected)


def test_paired_seeds_that_one_variant_lacks_do_not_count() -> None:
    first, second = X.copy(), Y.copy()
    first[0] = second[5] = math.nan
    both = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    expected = ttost_paired(Y[both], X[both], -1.5, 1.5)[0]
    assert equivalence_p(first, second, 1.5, paired=True) == pytest.approx(expected)
    expected = ttost_ind(np.delete(Y, 5), X[1:], -1.5, 1.5, usevar="unequal")[0]
    assert equivalence_p(first, second, 1.5) == pytest.approx(expected)


def test_two_runs_are_enough() -> None:
    expected = ttost_ind(Y[:2], X[:2], -1.5, 1.5, usevar="unequal")[0]
    assert equivalence_p(X[:2], Y[:2], 1.5) == pytest.approx(expected)


def test_against_one_value_the_test_is_that_of_the_other_variant_alone_without_a_warning() -> None:
    # Welch's standard error and degrees of freedom are then those of a single sample.
    below = stats.ttest_1samp(Y[:4], 0.3 + 1.5, alternative="less").pvalue
    above = stats.ttest_1samp(Y[:4], 0.3 - 1.5, alternative="greater").pvalue
    one_value = np.full(4, 0.3)
    for first, second in ((one_value, Y[:4]), (Y[:4], one_value)):
        assert equivalence_p(first, second, 1.5) == pytest.approx(max(below, above))


def test_no_claim_is_made_without_a_margin_or_without_variation() -> None:
    assert equivalence_p(X, Y, None) is None
    assert equivalence_p(X[:1], Y, 1.0) is None
    assert equivalence_p(np.ones(4), np.ones(4), 1.0) is None
    whole = np.arange(5.0)
    assert equivalence_p(whole, whole + 1, 2.0, paired=True) is None
    assert equivalence_p(whole, whole + 1, 2.0) is not None


def test_a_diverged_run_is_equivalent_to_nothing() -> None:
    assert equivalence_p(X, np.append(Y, math.inf), 100.0) is None
    assert equivalence_p(np.append(X, math.inf), Y, 100.0) is None
