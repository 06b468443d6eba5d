"""Least mean squares: against quadrature by Monte Carlo, rivals, and the formulas."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from poolbench.core.errors import BadInput
from poolbench.theory.closed_forms import mean_square_formula
from poolbench.theory.least_error import least_error, sets_of_orders
from poolbench.theory.least_squares import least_mean_square
from tests.theory.brute_force import estimate


def test_two_elements_by_hand() -> None:
    # max - mean = |x - y| / 2, and (x - y)^2 has the mean 1/6; its mean is 1/6, which is beta_0.
    best = least_mean_square(2, (0, 1))
    assert best.coefficients == (Fraction(1, 6), 1)
    assert best.mean_square_error == Fraction(1, 24) - Fraction(1, 36)


@pytest.mark.parametrize("orders", [(2,), (0, 3), (1, 3), (0, 1, 2, 3)])
def test_the_coefficients_are_those_of_a_regression_on_random_points(
    orders: tuple[int, ...],
) -> None:
    x = np.random.default_rng(0).random((400_000, 4))
    columns = np.stack([estimate(x, [order], [1.0]) for order in orders], 1)
    fitted, residual, *_ = np.linalg.lstsq(columns, x.max(1), rcond=None)
    best = least_mean_square(4, orders)
    np.testing.assert_allclose([float(b) for b in best.coefficients], fitted, atol=0.02)
    assert float(best.mean_square_error) == pytest.approx(residual[0] / len(x), rel=0.02)


@pytest.mark.parametrize("d", [2, 3, 5, 8])
def test_the_formulas_give_the_least_mean_squares(d: int) -> None:
    for orders in ((0, d - 1), tuple(range(d))):
        formula = mean_square_formula(d, orders)
        assert formula is not None
        assert formula.value == least_mean_square(d, orders).mean_square_error
    if d > 2:
        assert mean_square_formula(d, (d - 1,)) is None


def test_each_estimator_is_best_at_what_it_is_made_for() -> None:
    for orders in sets_of_orders(5):
        uniform, square = least_error(5, orders), least_mean_square(5, orders)
        assert uniform.largest_error <= square.largest_error
        assert 0 < square.mean_square_error <= uniform.mean_square_error


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(BadInput, match="d is 201"):
        least_mean_square(201, (0, 1))
    with pytest.raises(BadInput, match="is the max itself"):
        least_mean_square(3, (3,))
