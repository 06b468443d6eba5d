"""Theorems 1, 3, 5, 6 and lemma 7 in numbers, beside brute force and formulas of others."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product
from math import comb
from statistics import fmean

import numpy as np
import pytest

from poolbench.core.errors import BadInput
from poolbench.theory.dependence import dependences, mixed_difference
from poolbench.theory.heaviside import try_heaviside
from poolbench.theory.optimal_shape import optimal_shape
from poolbench.theory.radicals import derived_series, largest_root, try_radicals


@pytest.mark.parametrize("d", [2, 7])
def test_one_layer_knows_the_sign_of_a_max_and_nothing_else(d: int) -> None:
    trial = try_heaviside(d, seed=3)
    assert trial.positive == 1
    # Of the points, a third is negative throughout, and 2^-d of another third.
    assert trial.not_negative == pytest.approx(1 - (1 + 2.0**-d) / 3, abs=0.02)
    # Both above 1/2 or neither: not where the largest is below and the sum above.
    assert 0.8 < trial.elsewhere < 0.98
    assert trial.largest_difference == d - 1


def mean_of_maxes(x: tuple[int, ...], r: int) -> Fraction:
    maxes = [max(subpool) for subpool in combinations(x, r)]
    return Fraction(sum(maxes), len(maxes))


def test_mixed_differences_are_those_of_the_function_over_every_set_of_elements() -> None:
    d = 4
    for row in dependences(d):
        for size in range(1, d + 1):
            for chosen in combinations(range(d), size):
                corners = (
                    tuple(dict(zip(chosen, v, strict=True)).get(i, 0) for i in range(d))
                    for v in product((0, 1), repeat=size)
                )
                direct = sum((-1) ** (size - sum(x)) * mean_of_maxes(x, row.order) for x in corners)
                if size == row.order:
                    assert direct == row.difference
                elif size > row.order:
                    assert direct == row.higher == 0
        assert abs(row.difference) == Fraction(1, comb(d, row.order))
        assert row.terms == comb(d, row.order)
    # The max is as far from all sums of functions of three as the best of subpool maxes.
    assert row.least_error == row.reached == Fraction(1, 16)


def test_a_sum_of_functions_of_fewer_elements_has_no_mixed_difference() -> None:
    # The sum over pairs of their product is k (k - 1) / 2 at k ones.
    pairs = [Fraction(k * (k - 1), 2) for k in range(5)]
    assert mixed_difference(pairs, 2) == 1
    assert mixed_difference(pairs, 3) == mixed_difference(pairs, 4) == 0


@pytest.mark.parametrize(
    "roots",
    [(3.0, -2.0), (0.5, 0.5), (1.0, 2.0, 3.0), (-1.0, -1.0, 4.0), (-3.0, -2.0, -1.0, -0.5),
     (0.9, 0.8, 0.1, 0.0), (0.9, 0.2, 0.1, 0.0), (2.0, 1.0, 1.0, 0.0)],
)  # fmt: skip
def test_the_formulas_give_the_largest_root(roots: tuple[float, ...]) -> None:
    sums = [
        sum(float(np.prod(chosen)) for chosen in combinations(roots, size))
        for size in range(1, len(roots) + 1)
    ]
    assert largest_root(np.array([sums])) == pytest.approx(max(roots), abs=1e-6)


def test_the_groups_end_at_one_up_to_four_elements() -> None:
    # Of the symmetric, alternating, Klein's and cyclic groups, as in any book on Galois theory.
    assert [derived_series(d) for d in range(1, 7)] == [
        (1,), (2, 1), (6, 3, 1), (24, 12, 4, 1), (120, 60), (720, 360),
    ]  # fmt: skip
    trials = [try_radicals(d) for d in (4, 5)]
    assert trials[0].deviation is not None
    assert trials[0].deviation < 1e-6
    assert trials[1].deviation is None
    assert max(trial.nested_deviation for trial in trials) < 1e-15


def test_theorem_6_holds_of_every_set_of_orders_and_lemma_7_does_not() -> None:
    shapes = {d: optimal_shape(d) for d in (2, 3, 5)}
    for d, shape in shapes.items():
        assert shape.estimators == shape.balanced == shape.at_intercept == 2 ** (d - 1) - 1
        # Only one order beside the intercept gives nothing but positive weights.
        assert shape.increasing == d - 1
    falling = shapes[3].counterexample
    assert falling is not None
    assert falling.orders == (0, 1, 2)
    # As good as any, 1/8 at most, and less at three ones than at two.
    assert falling.vertex_values == (Fraction(1, 8), Fraction(7, 8), Fraction(9, 8), Fraction(7, 8))
    assert shapes[3].least_weight == Fraction(-1, 4)
    assert shapes[2].counterexample is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: try_heaviside(1), "theorem 1: d is 1"),
        (lambda: list(dependences(21)), "theorem 3: d is 21"),
        (lambda: try_radicals(7), "theorem 5: d is 7"),
        (lambda: optimal_shape(10), "theorem 6: d is 10"),
    ],
)
def test_a_window_out_of_range_is_told_for_which_theorem(call: object, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        call()  # type: ignore[operator]
    assert refused.value.message == message
    assert "--d" in refused.value.hint


def test_a_mean_of_maxes_is_that_of_a_draw() -> None:
    # What the brute force above rests on: M_2 of (0, 0, 1, 1) by counting pairs.
    assert mean_of_maxes((0, 0, 1, 1), 2) == Fraction(5, 6)
    assert fmean(max(pair) for pair in combinations((0, 0, 1, 1), 2)) == 5 / 6
