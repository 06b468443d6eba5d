"""Formulas for least errors, by set of orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import comb


@dataclass(frozen=True, kw_only=True)
class ClosedForm:
    """A formula for the least error of a set of orders.

    Args:
        text: The formula, in d and r.
        value: Its value.
    """

    text: str
    value: Fraction


def least_error_formula(d: int, orders: tuple[int, ...]) -> ClosedForm | None:
    """Return the least sup-norm error of R-estimators, if a formula is known.

    {r}, {0, r}, {1, ..., d-1} and {0, ..., d-1} have one. Theorem 2 proves the first two for
    r = d - 1, and bounds the last; the others were found empirically, and equal the computed
    errors for every d up to 20.

    Args:
        d: Elements of the window, at least 2.
        orders: R, from 0 to d - 1.
    """
    chosen = set(orders)
    if chosen == set(range(d)):
        return ClosedForm(text="2^-d", value=Fraction(1, 2**d))
    if chosen == set(range(1, d)):
        return ClosedForm(text="1/(2^d - 1)", value=Fraction(1, 2**d - 1))
    r = max(chosen)
    if chosen == {r}:
        return ClosedForm(text="(d - r)/(d + r)", value=Fraction(d - r, d + r))
    if chosen == {0, r}:
        return ClosedForm(text="(d - r)/(2d)", value=Fraction(d - r, 2 * d))
    return None


def mean_square_formula(d: int, orders: tuple[int, ...]) -> ClosedForm | None:
    """Return the least mean squared error over the unit cube, if a formula is known.

    {0, d-1} and {0, ..., d-1} have one, found empirically; it equals the computed errors for every
    d up to 20.

    Args:
        d: Elements of the window, at least 2.
        orders: R, from 0 to d - 1.
    """
    known: dict[frozenset[int], tuple[str, Callable[[], int]]] = {
        frozenset(range(d)): (
            "1/((d+1)(d+2) C(2d, d))",
            lambda: (d + 1) * (d + 2) * comb(2 * d, d),
        ),
        frozenset({0, d - 1}): (
            "1/(d (d+1)^2 (d+2))",
            lambda: d * (d + 1) ** 2 * (d + 2),
        ),
    }
    if frozenset(orders) not in known:
        return None
    text, denominator = known[frozenset(orders)]
    return ClosedForm(text=text, value=Fraction(1, denominator()))


def all_orders_coefficients(d: int) -> tuple[Fraction, ...]:
    """Return beta of R = {0, ..., d-1}: ``(-1)^(d-r+1) C(d, r) 2^(r-d)``, and 2^-d for r = 0.

    The error then alternates between 2^-d and -2^-d over the vertices, and the coefficients are
    the differences of order r of that sequence. Their size grows with d: 136 at d = 16.

    Args:
        d: Elements of the window, at least 2.
    """
    signed = ((-1) ** (d - r + 1) * comb(d, r) * Fraction(2**r, 2**d) for r in range(1, d))
    return (Fraction(1, 2**d), *signed)
