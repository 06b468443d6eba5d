"""Theorem 5: what no formula in radicals gives, and what one gives all the same.

The largest root of a polynomial, from its coefficients, is in radicals up to degree 4: the formulas
below. For degree 5 it is not, since the symmetric group of 5 elements has no series of commutator
groups that ends at 1 (Abel, Galois). That is about formulas in the symmetric functions of the
elements. In the elements themselves there is one for every d: ``max(a, b) = (a + b + sqrt((a -
b)^2)) / 2``, nested.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from poolbench.core.errors import BadInput

Array = NDArray[np.float64]
Permutation = tuple[int, ...]

LARGEST = 6
LARGEST_FORMULA = 4
_POINTS = 1000


@dataclass(frozen=True, kw_only=True)
class RadicalsTrial:
    """Formulas in radicals for the max of d elements, on uniform points of the unit cube.

    Args:
        elements: d.
        deviation: Largest |formula - max| of the one in the elementary symmetric functions, which
            is due to rounding; ``None`` where there is no such formula.
        nested_deviation: The same of pairwise maxes as square roots of squares.
        series: Orders of the symmetric group and of its repeated commutator groups, until they
            repeat; radicals suffice if they end at 1.
    """

    elements: int
    deviation: float | None
    nested_deviation: float
    series: tuple[int, ...]


def try_radicals(d: int, *, seed: int = 0) -> RadicalsTrial:
    """Compare formulas in radicals with the max.

    Args:
        d: Elements of the window, from 2 to 6.
        seed: Seed of the points.

    Raises:
        BadInput: d is out of range.

    References:
        Theorem 5 of "The Theoretical Expressiveness of Maxpooling", appendix A.
    """
    if not 2 <= d <= LARGEST:
        raise BadInput(
            f"theorem 5: d is {d}", f"choose windows of 2 to {LARGEST} elements: --d 2-{LARGEST}"
        )
    x = np.random.default_rng(seed).random((_POINTS, d))
    peak = x.max(1)
    has_formula = d <= LARGEST_FORMULA
    return RadicalsTrial(
        elements=d,
        deviation=float(np.abs(largest_root(_symmetric_functions(x)) - peak).max())
        if has_formula
        else None,
        nested_deviation=float(np.abs(_nested(x) - peak).max()),
        series=derived_series(d),
    )


def largest_root(e: Array) -> Array:
    """Return the largest of 2 to 4 real numbers from their elementary symmetric functions.

    Args:
        e: ``(n, d)``: sum, sum of products of pairs, ..., product.
    """
    if e.shape[1] == 2:
        total, product = e.T
        root: Array = (total + np.sqrt(np.maximum(total**2 - 4 * product, 0))) / 2
        return root
    if e.shape[1] == 3:
        return _cubic_roots(*e.T)[0]
    # With z = x1 x2 + x3 x4, a root of Lagrange's resolvent, (x1 + x2 - x3 - x4)^2 is
    # e1^2 - 4 e2 + 4 z; the product of the three differences is symmetric and has the third's sign.
    e1, e2, e3, e4 = e.T
    resolvent = _cubic_roots(e2, e1 * e3 - 4 * e4, e3**2 + e1**2 * e4 - 4 * e2 * e4)
    differences = [np.sqrt(np.maximum(e1**2 - 4 * e2 + 4 * z, 0)) for z in resolvent]
    sign = np.sign(e1**3 - 4 * e1 * e2 + 8 * e3)
    found: Array = (e1 + differences[0] + differences[1] + sign * differences[2]) / 4
    return found


def _cubic_roots(e1: Array, e2: Array, e3: Array) -> list[Array]:
    """Return the three real roots of ``x^3 - e1 x^2 + e2 x - e3`` by Cardano, largest first."""
    p = e2 - e1**2 / 3
    q = e1 * e2 / 3 - 2 * e1**3 / 27 - e3
    inner = np.minimum(q**2 / 4 + p**3 / 27, 0)  # three real roots
    u = (-q / 2 + 1j * np.sqrt(-inner)) ** (1 / 3)
    turn = np.exp(2j * np.pi / 3)
    roots = [e1 / 3 + 2 * (u * turn**k).real for k in range(3)]
    return list(np.sort(np.stack(roots), axis=0)[::-1])


def _symmetric_functions(x: Array) -> Array:
    """Return sum, sum of products of pairs, ..., product of each row."""
    coefficients = np.stack([np.poly(row) for row in x])
    signs = (-1.0) ** np.arange(1, x.shape[1] + 1)
    return np.asarray(coefficients[:, 1:] * signs, dtype=np.float64)


def _nested(x: Array) -> Array:
    peak = x[:, 0]
    for other in x.T[1:]:
        peak = (peak + other + np.sqrt((peak - other) ** 2)) / 2
    return peak


def derived_series(d: int) -> tuple[int, ...]:
    """Return the orders of the symmetric group of d elements and of its commutator groups.

    Args:
        d: From 1 to 6.

    Returns:
        Descending, ending at 1 or where a group is its own commutator group.

    >>> [derived_series(d) for d in (2, 4, 5)]
    [(2, 1), (24, 12, 4, 1), (120, 60)]
    """
    group = set(permutations(range(d)))
    orders = [len(group)]
    while orders[-1] > 1:
        generators = _generators(group)
        # These generate it: their group is normal, and modulo it every generator commutes.
        commutators = {_commutator(g, s) for g in group for s in generators}
        group = _generated(_generators(commutators), d)
        if len(group) == orders[-1]:
            break
        orders.append(len(group))
    return tuple(orders)


def _after(g: Permutation, h: Permutation) -> Permutation:
    return tuple(g[i] for i in h)


def _inverse(g: Permutation) -> Permutation:
    return tuple(sorted(range(len(g)), key=g.__getitem__))


def _commutator(g: Permutation, h: Permutation) -> Permutation:
    return _after(_after(_inverse(g), _inverse(h)), _after(g, h))


def _generators(elements: Iterable[Permutation]) -> list[Permutation]:
    """Return a few elements that generate all of them."""
    chosen: list[Permutation] = []
    known: set[Permutation] = set()
    for element in sorted(elements):
        if element not in known:
            chosen.append(element)
            known = _generated(chosen, len(element))
    return chosen


def _generated(generators: Iterable[Permutation], d: int) -> set[Permutation]:
    group = {tuple(range(d))}
    todo = list(group)
    steps = list(generators)
    while todo:
        found = {_after(g, s) for g in todo for s in steps} - group
        group |= found
        todo = list(found)
    return group
