"""Theorem 3: a max of r elements is no sum of functions of fewer, and M_r needs all C(d, r)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from poolbench.core.errors import BadInput
from poolbench.theory.estimator import vertex_values
from poolbench.theory.least_error import least_error

LARGEST = 20


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """How M_r, the mean of the maxes of all r of d elements, depends on its elements jointly.

    Args:
        elements: d.
        order: r, from 1 to d; M_d is the max.
        difference: Its mixed difference over any r elements, the others 0.
        higher: The largest one over more elements, which is 0.
        least_error: No function without a term in some r of the elements comes closer to M_r.
        reached: Error of the best estimate of the max of all lower orders, for r = d.
    """

    elements: int
    order: int
    difference: Fraction
    higher: Fraction
    least_error: Fraction
    reached: Fraction | None

    @property
    def terms(self) -> int:
        """Number of sets of r elements, each of which needs its own term: C(d, r)."""
        return comb(self.elements, self.order)


def mixed_difference(values: Sequence[Fraction], size: int) -> Fraction:
    """Return ``sum over v in {0, 1}^size of (-1)^(size - |v|) f(v)`` of a symmetric f.

    It is 0 for every sum of functions that each leave out one of these elements: what such a
    function says at v and at v with that element changed cancels. So a function with a mixed
    difference of D is at least ``|D| / 2^size`` away from all such sums.

    Args:
        values: f at k ones, k = 0, 1, ...; at least ``size + 1``.
        size: Number of elements.
    """
    terms = ((-1) ** (size - k) * comb(size, k) * values[k] for k in range(size + 1))
    return sum(terms, Fraction(0))


def dependences(d: int) -> Iterator[Dependence]:
    """Yield the dependence of M_1 to M_d on their elements, in exact fractions.

    Args:
        d: Elements of the window, from 2 to 20.

    Raises:
        BadInput: d is out of range.

    References:
        Theorem 3 of "The Theoretical Expressiveness of Maxpooling"; by mixed differences instead
        of its induction.
    """
    if not 2 <= d <= LARGEST:
        raise BadInput(f"theorem 3: d is {d}", f"choose windows of 2 to {LARGEST} elements: --d 4")
    for order in range(1, d + 1):
        values = vertex_values(d, order)
        difference = mixed_difference(values, order)
        higher = (abs(mixed_difference(values, size)) for size in range(order + 1, d + 1))
        yield Dependence(
            elements=d,
            order=order,
            difference=difference,
            higher=max(higher, default=Fraction(0)),
            least_error=abs(difference) / 2**order,
            reached=least_error(d, tuple(range(d))).largest_error if order == d else None,
        )
