"""Theorem 6 and Lemma 7: what optimal estimators have in common, counted over sets of orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from poolbench.core.errors import BadInput
from poolbench.theory.estimator import Estimator
from poolbench.theory.least_error import least_error, sets_of_orders

LARGEST = 9


@dataclass(frozen=True, kw_only=True)
class OptimalShape:
    """Properties of the optimal estimators of one d, of all sets of orders with an intercept.

    Args:
        elements: d.
        estimators: Their number.
        balanced: How many have a largest error that is the negative of the least one.
        at_intercept: How many have an intercept that equals the largest error, and no estimate
            below it.
        increasing: How many fall nowhere as an element rises: no order statistic with a negative
            weight.
        least_weight: The smallest weight of an order statistic.
        counterexample: One of fewest orders that falls somewhere; ``None`` if there is none.
    """

    elements: int
    estimators: int
    balanced: int
    at_intercept: int
    increasing: int
    least_weight: Fraction
    counterexample: Estimator | None


def optimal_shape(d: int) -> OptimalShape:
    """Solve for every set of orders with an intercept, and count what holds.

    Args:
        d: Elements of the window, from 2 to 9.

    Raises:
        BadInput: d is out of range.

    References:
        Theorem 6 and Lemma 7 of "The Theoretical Expressiveness of Maxpooling".
    """
    if not 2 <= d <= LARGEST:
        raise BadInput(
            f"theorem 6: d is {d}", f"choose windows of 2 to {LARGEST} elements: --d 2-6"
        )
    found = [least_error(d, orders) for orders in sets_of_orders(d) if 0 in orders]
    weights = [order_statistic_weights_of(each) for each in found]
    falling = [each for each, row in zip(found, weights, strict=True) if min(row) < 0]
    return OptimalShape(
        elements=d,
        estimators=len(found),
        balanced=sum(max(e.vertex_errors) == -min(e.vertex_errors) for e in found),
        at_intercept=sum(
            e.coefficients[e.orders.index(0)] == e.largest_error == min(e.vertex_values)
            for e in found
        ),
        increasing=len(found) - len(falling),
        least_weight=min(map(min, weights)),
        counterexample=falling[0] if falling else None,
    )


def order_statistic_weights_of(estimator: Estimator) -> Sequence[Fraction]:
    """Return the weights of the order statistics, largest element first, without the intercept."""
    return [high - low for low, high in pairwise(estimator.vertex_values)]
