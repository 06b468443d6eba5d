"""The best estimator of a maximum from means over subpool maxes: weights and coefficients.

A window of d elements has C(d, r) subpools of size r; M_r is the mean of their maxes, M_0 = 1.
An estimator is ``sum over r of beta_r M_r``.
"""

from __future__ import annotations

from functools import cache
from math import comb

from poolbench.core.errors import BadInput

LARGEST_WINDOW = 16
"""Elements of the largest window: the coefficients of many orders lose their digits beyond it."""


def check_orders(orders: tuple[int, ...], elements: int | None) -> None:
    """Refuse orders that no estimator can have.

    Args:
        orders: The r of the terms; 0 is the intercept.
        elements: d of a full window; ``None`` if it is not known yet.

    Raises:
        BadInput: The orders are no set of whole numbers from 0 to d with one above 0, or the
            window is too large.
    """
    if min(orders, default=0) < 0 or max(orders, default=0) < 1 or len(set(orders)) < len(orders):
        raise BadInput(
            f"orders are {list(orders)}",
            "choose different numbers from 0 up, and at least one above 0: orders: [0, 3]",
        )
    if elements is not None and elements > LARGEST_WINDOW:
        raise BadInput(
            f"subpool takes windows of at most {LARGEST_WINDOW} elements, not {elements}",
            "choose a smaller kernel_size, or another operator for this site",
        )
    if elements is not None and max(orders) > elements:
        raise BadInput(
            f"orders are {list(orders)}, but the window has {elements} elements",
            f"choose orders from 0 to {elements}",
        )


def order_statistic_weights(elements: int, order: int) -> tuple[float, ...]:
    """Return M_r as a mixture of order statistics: ``C(d-i, r-1) / C(d, r)`` for x_(i).

    x_(1) is the largest element. It is the maximum of the subpools that hold it, and x_(i) of
    those that hold it and r - 1 of the d - i elements below it.

    Args:
        elements: d, from 1.
        order: r, from 0; above d the whole window is the one subpool. For 0 all weights are 0:
            M_0 is the constant 1.

    Returns:
        d weights, which sum to 1 for r > 0.
    """
    if order == 0:
        return (0.0,) * elements
    size = min(order, elements)
    subpools = comb(elements, size)
    return tuple(comb(elements - i, size - 1) / subpools for i in range(1, elements + 1))


@cache
def optimal_coefficients(elements: int, orders: tuple[int, ...]) -> tuple[float, ...]:
    """Return the coefficients with the least error against the maximum on the unit cube.

    The error of a mixture of order statistics is extreme at the vertices of the cube, k ones and
    d - k zeros, where ``M_r = 1 - C(d-k, r) / C(d, r)``. The least bound on it is a linear
    programme: minimise e such that ``|sum beta_r M_r(k) - max(k)| <= e`` for k = 0..d.

    Args:
        elements: d, from 1.
        orders: The r of the terms; those above d all mean d, and the first of them takes the
            coefficient.

    Returns:
        beta, one for each order.

    References:
        Appendix D of "The Theoretical Expressiveness of Maxpooling".
    """
    import numpy as np
    from scipy.optimize import linprog

    sizes = [min(order, elements) for order in orders]
    distinct = sorted(set(sizes))
    terms = np.array(
        [
            [1 - comb(elements - k, r) / comb(elements, r) if r else 1.0 for r in distinct]
            for k in range(elements + 1)
        ]
    )
    truth = np.array([0.0] + [1.0] * elements)
    slack = np.ones((elements + 1, 1))
    solved = linprog(
        c=[0.0] * len(distinct) + [1.0],
        A_ub=np.block([[terms, -slack], [-terms, -slack]]),
        b_ub=np.concatenate([truth, -truth]),
        bounds=[(None, None)] * len(distinct) + [(0, None)],
        method="highs",
    )
    beta = {size: float(value) for size, value in zip(distinct, solved.x, strict=False)}
    return tuple(beta.pop(size, 0.0) for size in sizes)
