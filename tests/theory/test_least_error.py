"""Least errors: Appendix D of "The Theoretical Expressiveness of Maxpooling", and rivals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import poolbench as pb
from poolbench.core.errors import BadInput
from poolbench.theory.closed_forms import all_orders_coefficients, least_error_formula
from poolbench.theory.estimator import check_orders, vertex_values
from poolbench.theory.exact import solve
from poolbench.theory.least_error import (
    least_error,
    optimal_coefficients,
    sets_of_orders,
)
from tests.theory.brute_force import corners, estimate

# Appendix D, figure 4: every row.
PUBLISHED = {
    2: {(1,): "1/3", (0, 1): "1/4"},
    3: {
        (1,): "1/2", (2,): "1/5", (0, 1): "1/3", (0, 2): "1/6", (1, 2): "1/7", (0, 1, 2): "1/8",
    },
    4: {
        (1,): "3/5", (2,): "1/3", (3,): "1/7", (0, 1): "3/8", (0, 2): "1/4", (0, 3): "1/8",
        (1, 2): "1/5", (1, 3): "1/9", (2, 3): "1/13", (0, 1, 2): "1/6", (0, 1, 3): "1/10",
        (0, 2, 3): "1/14", (1, 2, 3): "1/15", (0, 1, 2, 3): "1/16",
    },
}  # fmt: skip


@pytest.mark.parametrize("d", PUBLISHED)
def test_every_published_least_error_is_found_to_the_last_digit(d: int) -> None:
    found = {orders: least_error(d, orders).largest_error for orders in sets_of_orders(d)}
    assert found == {orders: Fraction(text) for orders, text in PUBLISHED[d].items()}


@pytest.mark.parametrize("orders", [(3,), (0, 3), (1, 2), (0, 1, 3), (0, 1, 2, 3, 4)])
def test_the_error_is_that_of_the_coefficients_and_no_change_of_them_lessens_it(
    orders: tuple[int, ...],
) -> None:
    d = 5
    x = np.concatenate([corners(d), np.random.default_rng(0).random((500, d))])
    best = least_error(d, orders)

    def worst(beta: list[float]) -> float:
        return float(np.abs(estimate(x, orders, beta) - x.max(1)).max())

    beta = [float(b) for b in best.coefficients]
    assert worst(beta) == pytest.approx(float(best.largest_error), abs=1e-12)
    np.testing.assert_allclose(best(x), estimate(x, orders, beta), atol=1e-12)
    rng = np.random.default_rng(1)
    for step in (1e-3, 1e-1):
        for _ in range(50):
            other = [b + step * rng.normal() for b in beta]
            assert worst(other) > float(best.largest_error)


@pytest.mark.parametrize("d", [2, 3, 6])
def test_the_formulas_give_the_least_errors(d: int) -> None:
    known = {orders: least_error_formula(d, orders) for orders in sets_of_orders(d)}
    for orders, formula in known.items():
        if formula is not None:
            assert formula.value == least_error(d, orders).largest_error, orders
    assert {(d - 1,), (0, d - 1), tuple(range(d)), tuple(range(1, d))} <= {
        orders for orders, formula in known.items() if formula
    }


@pytest.mark.parametrize("d", [9, 20])
def test_the_closed_forms_of_theorem_2_hold(d: int) -> None:
    assert least_error(d, (d - 1,)).largest_error == Fraction(1, 2 * d - 1)
    assert least_error(d, (0, d - 1)).largest_error == Fraction(1, 2 * d)
    everything = least_error(d, tuple(range(d)))
    assert everything.largest_error == Fraction(1, 2**d)
    assert everything.coefficients == all_orders_coefficients(d)


def test_the_intercept_is_the_error_and_no_estimate_is_below_it() -> None:
    # Theorem 6, and what Lemma 4 needs of Lemma 7.
    for orders in sets_of_orders(6):
        if 0 in orders:
            best = least_error(6, orders)
            assert best.coefficients[0] == best.largest_error == min(best.vertex_values)


def test_an_optimal_estimate_may_fall_where_an_element_rises() -> None:
    # Lemma 7 calls every optimal estimator increasing; that of all orders is not.
    best = least_error(4, (0, 1, 2, 3))
    assert best.vertex_values[2] > best.vertex_values[3]


def test_a_set_of_orders_is_no_worse_than_its_subsets() -> None:
    errors = {orders: least_error(5, orders).largest_error for orders in sets_of_orders(5)}
    for larger, error in errors.items():
        for smaller in errors:
            if set(smaller) < set(larger):
                assert error <= errors[smaller]


def test_orders_may_be_given_in_any_sequence() -> None:
    error, coefficients = pb.optimal_error(d=4, orders=(3, 0))
    assert (error, coefficients) == (0.125, (1.0, 0.125))
    assert pb.optimal_error(4, [0, 3]) == (0.125, (0.125, 1.0))


def test_a_thousand_elements_are_solved_too() -> None:
    assert pb.optimal_error(1000, (0, 999))[0] == 1 / 2000


@pytest.mark.parametrize(
    ("d", "orders", "message"),
    [
        (1, (0,), "d is 1"),
        (-3, (1,), "d is -3"),
        (1001, (1,), "d is 1001"),
        (4, (), r"orders are \[\]"),
        (4, (0,), r"orders are \[0\]"),
        (4, (1, 1), r"orders are \[1, 1\]"),
        (4, (-1, 2), r"orders are \[-1, 2\]"),
        (4, (0, 4), "is the max itself"),
        (4, (0, 5), "has 4 elements"),
        (40, tuple(range(40)), "beyond floating point"),
    ],
)
def test_what_is_no_approximation_of_a_max_is_refused(
    d: int, orders: tuple[int, ...], message: str
) -> None:
    with pytest.raises(BadInput, match=message) as refused:
        least_error(d, orders)
    assert refused.value.hint


@pytest.mark.parametrize(
    "basis",
    [
        {0: 1, 2: -1, 3: 1},  # extreme there, but worse at 1
        {0: -1, 1: -1, 3: 1},  # nowhere worse, but not the least
        {0: 1, 1: 1, 3: 1},  # singular
        {0: 1, 3: 1},  # too small to be one
    ],
)
def test_a_basis_that_is_not_optimal_is_never_accepted(
    basis: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # That of d = 3, R = {0, 1} is {0: 1, 1: -1, 3: 1}.
    monkeypatch.setattr("poolbench.theory.least_error._alternation", lambda _: basis)
    with pytest.raises(BadInput, match="beyond floating point"):
        least_error(3, (0, 1))


def test_windows_take_orders_above_their_size_as_the_whole_window() -> None:
    assert optimal_coefficients(3, (0, 2, 3, 7)) == (0.0, 0.0, 1.0, 0.0)
    assert optimal_coefficients(1, (0, 3)) == (0.0, 1.0)
    assert optimal_coefficients(4, (0, 3)) == (0.125, 1.0)


def test_vertex_values_are_means_of_maxes() -> None:
    for order in range(6):
        by_definition = estimate(corners(5)[[0, 1, 3, 7, 15, 31]], [order], [1.0])
        np.testing.assert_allclose([float(v) for v in vertex_values(5, order)], by_definition)


def test_linear_systems_are_solved_in_fractions() -> None:
    matrix = [[Fraction(0), Fraction(1, 3)], [Fraction(2, 7), Fraction(5)]]
    x = solve(matrix, [Fraction(1), Fraction(1, 2)])
    assert x is not None
    assert [sum(a * b for a, b in zip(row, x, strict=True)) for row in matrix] == [
        1,
        Fraction(1, 2),
    ]
    assert (
        solve([[Fraction(1), Fraction(2)], [Fraction(2), Fraction(4)]], [Fraction(1)] * 2) is None
    )


def test_a_window_of_one_element_is_told_as_one() -> None:
    with pytest.raises(BadInput, match=r"the window has 1 element\n"):
        check_orders((0, 3), 1)
