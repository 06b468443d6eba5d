"""How far the smooth maxima LSE and LAE can be from the max of n elements.

``LSE = t log sum exp(z/t)`` is above it, most for a constant window; ``LAE = LSE - t log n`` is
below it, most for a single element above all others.
"""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p

from poolbench.core.errors import BadInput


def lse_excess(n: int, t: float) -> float:
    """Return the largest ``LSE - max``: ``t log n``, for any range of the elements.

    Args:
        n: Number of elements, at least 1.
        t: Temperature in the units of the elements, above 0.

    Raises:
        BadInput: n or t is out of range.
    """
    _check(n, t)
    return t * log(n)


def lae_shortfall(n: int, t: float) -> float:
    """Return the largest ``max - LAE`` on the unit cube: ``t log(n / (1 + (n-1) exp(-1/t)))``.

    It tends to ``t log n`` as t -> 0, and to ``1 - 1/n``, that of the mean, as t -> inf.

    Args:
        n: Number of elements, at least 1.
        t: Temperature in the units of the elements, above 0.

    Raises:
        BadInput: n or t is out of range.
    """
    _check(n, t)
    # n / denominator is 1 + (n-1)(1 - exp(-1/t)) / denominator; log1p keeps the digits of the
    # second term at a high temperature.
    return t * log1p((n - 1) * -expm1(-1 / t) / (1 + (n - 1) * exp(-1 / t)))


def _check(n: int, t: float) -> None:
    if n < 1:
        raise BadInput(f"n is {n}", "choose windows of at least 1 element: --n 4,49")
    if not 0 < t < inf:
        raise BadInput(f"t is {t:g}", "choose finite temperatures above 0: --t 0.1,1,10")
