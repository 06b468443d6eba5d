"""The estimator with the least mean squared error."""

from __future__ import annotations

from fractions import Fraction

from poolbench.core.errors import BadInput
from poolbench.theory.estimator import Estimator, mean_product, vertex_values
from poolbench.theory.exact import solve
from poolbench.theory.least_error import check_problem

LARGEST_DIMENSION = 200


def least_mean_square(d: int, orders: tuple[int, ...]) -> Estimator:
    """Return the R-estimator with the least mean squared error over the unit cube, in fractions.

    The normal equations ``<M_r, M_s> beta = <M_r, max>``, with the exact mean of products.

    Args:
        d: Elements of the window, from 2 to 200.
        orders: R, distinct numbers from 0 (the intercept) to d - 1.

    Raises:
        BadInput: d or the orders are invalid.

    References:
        Appendix C of "The Theoretical Expressiveness of Maxpooling".
    """
    check_problem(d, orders, LARGEST_DIMENSION)
    terms = [vertex_values(d, order) for order in orders]
    truth = (Fraction(0),) + (Fraction(1),) * d
    gram = [[mean_product(f, g) for g in terms] for f in terms]
    solution = solve(gram, [mean_product(f, truth) for f in terms])
    if solution is None:
        raise BadInput(f"orders are {list(orders)}: their subpool means are not independent")
    return Estimator(elements=d, orders=orders, coefficients=solution)
