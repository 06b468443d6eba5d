"""One orientation and one meaning of diverged and missing for every test."""

from __future__ import annotations

import math

import numpy as np
import pytest

from poolbench.stats.costs import costs_of, differences, finite, is_constant, present
from poolbench.stats.scale import Scale

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(("lower_is_better", "sign"), [(True, 1), (False, -1)])
def test_a_diverged_run_costs_most_in_either_orientation(lower_is_better: bool, sign: int) -> None:
    values = [2, None, NAN, INF, -INF]
    costs = costs_of(values, Scale(values), lower_is_better=lower_is_better)
    np.testing.assert_array_equal(costs, [sign * 2.0, NAN, INF, INF, INF])
    assert costs.dtype == np.float64
    assert costs_of([None], Scale([]), lower_is_better=lower_is_better).dtype == np.float64
    np.testing.assert_array_equal(present(costs), [sign * 2.0, INF, INF, INF])
    np.testing.assert_array_equal(finite(costs), [sign * 2.0])


def test_a_difference_from_a_diverged_run_is_infinite_and_two_of_them_do_not_differ() -> None:
    first, second = np.array([1.0, 1.0, INF, INF]), np.array([3.0, INF, 1.0, INF])
    assert list(differences(first, second)) == [2.0, INF, -INF, 0.0]


def test_two_runs_of_one_value_are_constant_and_one_run_is_not() -> None:
    assert is_constant(np.array([0.5, NAN, 0.5]))
    assert not is_constant(np.array([0.5, NAN]))
    assert not is_constant(np.array([0.5, 0.5, 0.6]))
    assert not is_constant(np.array([INF, INF]))
    assert not is_constant(np.array([NAN, NAN]))
