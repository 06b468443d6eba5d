"""The best estimators of many windows and sets of orders."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poolbench.core.errors import BadInput
from poolbench.core.theory import OptimalErrorSettings, Orders
from poolbench.theory.estimator import Estimator
from poolbench.theory.least_error import (
    LARGEST_TABLE,
    check_dimension,
    least_error,
    sets_of_orders,
)
from poolbench.theory.least_squares import least_mean_square


@dataclass(frozen=True, kw_only=True)
class LeastErrors:
    """Estimators with the least largest error.

    Args:
        estimators: One for each d and set of orders.
        duration_s: Time to solve for all of them, in seconds.
    """

    estimators: tuple[Estimator, ...]
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class BothOptima:
    """The best estimators of one d and set of orders, by two measures of error.

    Args:
        mean_square: The one with the least mean squared error over the unit cube.
        largest: The one with the least largest error on it.
    """

    mean_square: Estimator
    largest: Estimator


def problems(d: Sequence[int], orders: Sequence[Orders]) -> Iterator[tuple[int, Orders]]:
    """Yield each d with each set of orders.

    Args:
        d: Elements of the window.
        orders: Sets of orders; empty for all sets of each d.

    Raises:
        BadInput: d is out of range, or has more sets of orders than a table can show.
    """
    for elements in d:  # check all before solving for any
        check_dimension(elements)
        if not orders and elements > LARGEST_TABLE:
            raise BadInput(
                f"d is {elements}, which has 2^{elements} - 2 sets of orders",
                f"choose one: --orders 0,{elements - 1}; all are shown up to d = {LARGEST_TABLE}",
            )
    for elements in d:
        yield from ((elements, chosen) for chosen in orders or sets_of_orders(elements))


def least_errors(settings: OptimalErrorSettings) -> LeastErrors:
    """Solve for the estimators with the least largest error.

    Args:
        settings: The values of d and the sets of orders.

    Raises:
        BadInput: A d or a set of orders is invalid.
    """
    began = time.perf_counter()
    best = tuple(least_error(*problem) for problem in problems(settings.d, settings.orders))
    return LeastErrors(estimators=best, duration_s=time.perf_counter() - began)


def both_optima(d: Sequence[int], orders: Sequence[Orders]) -> tuple[BothOptima, ...]:
    """Solve for the estimators with the least mean squared error, and the least largest one.

    Args:
        d: Elements of the window.
        orders: Sets of orders; empty for all sets of each d.

    Raises:
        BadInput: A d or a set of orders is invalid.
    """
    return tuple(
        BothOptima(mean_square=least_mean_square(*problem), largest=least_error(*problem))
        for problem in problems(d, orders)
    )
