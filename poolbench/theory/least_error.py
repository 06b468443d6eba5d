"""The estimator with the least sup-norm error: a linear programme, solved exactly.

scipy finds the optimal basis in floating point; the basis is then solved in fractions, and accepted
only if primal and dual prove each other optimal, so every error and coefficient is exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations

from poolbench.core.errors import BadInput
from poolbench.theory.estimator import Estimator, check_orders, vertex_values
from poolbench.theory.exact import solve

LARGEST_DIMENSION = 1000
LARGEST_TABLE = 12
"""Elements up to which tables list every set of orders: 4094 of them."""

_TOLERANCE = 1e-10  # HiGHS's own, 1e-7, is coarser than the errors of many orders beyond d = 14


def check_problem(d: int, orders: tuple[int, ...], largest: int = LARGEST_DIMENSION) -> None:
    """Check that a problem is an approximation of a max, and not too large.

    Raises:
        BadInput: d is below 2 or above ``largest``, or the orders are not distinct whole numbers
            from 0 to d - 1, or none is above 0.
    """
    check_dimension(d, largest)
    check_orders(orders, d)
    if max(orders) == d:
        raise BadInput(
            f"orders are {list(orders)}: the subpool of all {d} elements is the max itself",
            f"choose orders from 0 to {d - 1}",
        )


def check_dimension(d: int, largest: int = LARGEST_DIMENSION) -> None:
    """Check the number of elements.

    Raises:
        BadInput: d is below 2 or above ``largest``.
    """
    if not 2 <= d <= largest:
        raise BadInput(f"d is {d}", f"choose from 2 to {largest} elements: --d 4")


def sets_of_orders(d: int) -> Iterator[tuple[int, ...]]:
    """Yield every R in {0, ..., d-1} with at least one subpool, small sets first."""
    for size in range(1, d + 1):
        yield from (orders for orders in combinations(range(d), size) if orders != (0,))


def least_error(d: int, orders: tuple[int, ...]) -> Estimator:
    """Return the R-estimator with the least sup-norm error, in fractions.

    Args:
        d: Elements of the window, from 2 to 1000.
        orders: R, distinct numbers from 0 (the intercept) to d - 1.

    Raises:
        BadInput: d or the orders are invalid, or there are too many orders for floating point to
            find the optimal basis, which can happen beyond d = 20.

    References:
        Lemma 3, Theorem 2 and Appendix D of "The Theoretical Expressiveness of Maxpooling".
    """
    check_problem(d, orders)
    return Estimator(elements=d, orders=orders, coefficients=_solve(d, orders))


@cache
def optimal_coefficients(elements: int, orders: tuple[int, ...]) -> tuple[float, ...]:
    """Return the coefficients with the least error against the maximum, for any window.

    Args:
        elements: d, at least 1.
        orders: The r of the terms; those above d count as d, and the first of them gets the
            coefficient.

    Returns:
        beta, one per order.

    Raises:
        BadInput: There are too many orders for floating point.
    """
    sizes = [min(order, elements) for order in orders]
    if elements in sizes:  # M_d is the max
        whole = sizes.index(elements)
        return tuple(float(i == whole) for i in range(len(sizes)))
    return tuple(map(float, _solve(elements, orders)))


def _solve(d: int, orders: tuple[int, ...]) -> tuple[Fraction, ...]:
    terms = [vertex_values(d, order) for order in orders]
    signs = _alternation(terms)
    rows = [[*(term[k] for term in terms), Fraction(-sign)] for k, sign in signs.items()]
    truth = [Fraction(k > 0) for k in signs]
    proof: tuple[Fraction, ...] | None = None
    if len(rows) == len(orders) + 1 and (solution := solve(rows, truth)) is not None:
        # Multipliers with the sign of each extreme error, orthogonal to all terms: every estimator
        # has at least their mean error, which is the error of this one.
        unit = [Fraction(0)] * len(orders) + [Fraction(1)]
        proof = solve(list(zip(*rows, strict=True)), unit)
        *coefficients, error = solution
        found = Estimator(elements=d, orders=orders, coefficients=tuple(coefficients))
        if (
            proof is not None
            and all(y * sign <= 0 for y, sign in zip(proof, signs.values(), strict=True))
            and found.largest_error == error
        ):
            return found.coefficients
    raise BadInput(
        f"{len(orders)} orders for d = {d} are beyond floating point",
        "choose fewer orders, or at most 20 elements",
    )


def _alternation(terms: list[tuple[Fraction, ...]]) -> dict[int, int]:
    """Return the vertices where the optimal error is extreme, with its sign, from scipy."""
    import numpy as np
    from scipy.optimize import linprog

    values = np.array(terms, dtype=np.float64).T
    vertices, count = values.shape
    truth = np.array([0.0] + [1.0] * (vertices - 1))
    slack = np.ones((vertices, 1))
    # Minimise e such that |sum beta_r M_r - max| <= e at every vertex.
    solved = linprog(
        c=[0.0] * count + [1.0],
        A_ub=np.block([[values, -slack], [-values, -slack]]),
        b_ub=np.concatenate([truth, -truth]),
        bounds=[(None, None)] * count + [(0, None)],
        method="highs-ds",
        options={
            "primal_feasibility_tolerance": _TOLERANCE,
            "dual_feasibility_tolerance": _TOLERANCE,
        },
    )
    if solved.ineqlin.marginals is None:
        return {}
    prices = solved.ineqlin.marginals[vertices:] - solved.ineqlin.marginals[:vertices]
    held = np.abs(prices) > 1e-9 * np.abs(prices).max()
    return {int(k): int(np.sign(prices[k])) for k in np.flatnonzero(held)}
