"""Estimators of a maximum from means over subpool maxes.

A window of d elements has C(d, r) subpools of size r; M_r is the mean of their maxes, M_0 = 1. An
R-estimator is ``sum over r in R of beta_r M_r``. Each M_r is a fixed mixture of order statistics,
so on the unit cube an estimator is the affine interpolation of its values at the d + 1 vertices
"k ones, d - k zeros", and so is its error: the vertices determine everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import comb
from typing import TYPE_CHECKING

from poolbench.core.counted import counted
from poolbench.core.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """An R-estimator of the maximum of d elements in [0, 1].

    Args:
        elements: d, at least 1.
        orders: R, distinct numbers from 0 to d.
        coefficients: beta, one per order.

    References:
        "The Theoretical Expressiveness of Maxpooling", section 3.
    """

    elements: int
    orders: tuple[int, ...]
    coefficients: tuple[Fraction, ...]

    @cached_property
    def vertex_values(self) -> tuple[Fraction, ...]:
        """The estimates for k ones and d - k zeros, k = 0..d."""
        terms = [vertex_values(self.elements, order) for order in self.orders]
        return tuple(
            sum((b * v for b, v in zip(self.coefficients, values, strict=True)), Fraction(0))
            for values in zip(*terms, strict=True)
        )

    @property
    def vertex_errors(self) -> tuple[Fraction, ...]:
        """Estimate minus maximum at the same vertices."""
        return tuple(value - (k > 0) for k, value in enumerate(self.vertex_values))

    @property
    def largest_error(self) -> Fraction:
        """The sup-norm error on the unit cube, attained at a vertex."""
        return max(abs(error) for error in self.vertex_errors)

    @property
    def mean_square_error(self) -> Fraction:
        """The mean of the squared error over the unit cube: ``<g, g>`` of the vertex errors g."""
        return mean_product(self.vertex_errors, self.vertex_errors)

    @property
    def subpools(self) -> int:
        """Number of subpool maxes in the estimator: the sum of C(d, r)."""
        return sum(comb(self.elements, order) for order in self.orders if order)

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Estimate the maximum of each row.

        Args:
            x: Windows, ``(..., d)``, best in [0, 1].

        Returns:
            The estimates, ``(...)``, float64.
        """
        import numpy as np

        ranked = np.sort(np.asarray(x, dtype=np.float64), axis=-1)[..., ::-1]
        values = self.vertex_values
        weights = [float(high - low) for low, high in pairwise(values)]
        return float(values[0]) + ranked @ np.array(weights)


def check_orders(orders: tuple[int, ...], elements: int | None) -> None:
    """Check the orders of an estimator.

    Args:
        orders: The r of the terms; 0 is the intercept.
        elements: d of a full window; ``None`` if it is not known yet.

    Raises:
        BadInput: The orders are not distinct whole numbers from 0 to d, or none is above 0.
    """
    if min(orders, default=0) < 0 or max(orders, default=0) < 1 or len(set(orders)) < len(orders):
        raise BadInput(
            f"orders are {list(orders)}",
            "choose distinct numbers from 0 up, and at least one above 0: orders: [0, 3]",
        )
    if elements is not None and max(orders) > elements:
        raise BadInput(
            f"orders are {list(orders)}, but the window has {counted(elements, 'element')}",
            f"choose orders from 0 to {elements}",
        )


def order_statistic_weights(elements: int, order: int) -> tuple[float, ...]:
    """Return M_r as a mixture of order statistics: ``C(d-i, r-1) / C(d, r)`` for x_(i).

    x_(1) is the largest element. It is the maximum of all subpools that contain it; x_(i) is the
    maximum of those that contain it and r - 1 of the d - i elements below it.

    Args:
        elements: d, at least 1.
        order: r, at least 0; above d the only subpool is the whole window. For 0 all weights are
            0: M_0 is the constant 1.

    Returns:
        d weights, which sum to 1 for r > 0.

    References:
        Lemma 2 of "The Theoretical Expressiveness of Maxpooling".
    """
    if order == 0:
        return (0.0,) * elements
    size = min(order, elements)
    subpools = comb(elements, size)
    return tuple(comb(elements - i, size - 1) / subpools for i in range(1, elements + 1))


def vertex_values(elements: int, order: int) -> tuple[Fraction, ...]:
    """Return M_r for k ones and d - k zeros, k = 0..d: ``1 - C(d-k, r) / C(d, r)``.

    Args:
        elements: d, at least 1.
        order: r, from 0 to d.
    """
    if order == 0:
        return (Fraction(1),) * (elements + 1)
    subpools = comb(elements, order)
    return tuple(1 - Fraction(comb(elements - k, order), subpools) for k in range(elements + 1))


def mean_product(f: tuple[Fraction, ...], g: tuple[Fraction, ...]) -> Fraction:
    """Return the mean of f g over the unit cube, for two functions that interpolate vertices.

    The spacings of d uniform order statistics are Dirichlet(1, ..., 1) in d + 1 parts, so the mean
    is ``(f . g + sum(f) sum(g)) / ((d+1)(d+2))``.

    Args:
        f: d + 1 values at the vertices.
        g: d + 1 values at the vertices.
    """
    count = len(f)
    dot = sum((a * b for a, b in zip(f, g, strict=True)), Fraction(0))
    return (dot + sum(f, Fraction(0)) * sum(g, Fraction(0))) / (count * (count + 1))
