"""LSE and LAE beside the max and the mean: what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class WindowErrors:
    """How far the smooth maxima of n elements in [0, 1] are from their max, in the same units.

    Largest and mean values are of the windows that were pooled; a mean leaves out the worst two.

    Args:
        n: Elements of a window.
        t: Temperature.
        lse_bound: What LSE - max can be at most.
        lse_largest: Largest LSE - max.
        lse_mean: Mean of the same.
        lae_bound: What max - LAE can be at most.
        lae_largest: Largest max - LAE.
        lae_mean: Mean of the same.
    """

    n: int
    t: float
    lse_bound: float
    lse_largest: float
    lse_mean: float
    lae_bound: float
    lae_largest: float
    lae_mean: float


@dataclass(frozen=True, kw_only=True)
class ShiftedWindow:
    """LSE of x, x-1, x-2, x-3 at t = 1 in one arithmetic; infinite where it over- or underflows.

    Args:
        dtype: ``float16``, ``float32`` or ``float64``.
        offset: x.
        exact: LSE without rounding.
        textbook: By ``log sum exp``, every step as written.
        shifted: With the max taken out before.
        operator: By the operator ``lse``.
    """

    dtype: str
    offset: float
    exact: float
    textbook: float
    shifted: float
    operator: float


@dataclass(frozen=True, kw_only=True)
class SmoothMaximumErrors:
    """What the operators ``lse`` and ``lae`` make of windows.

    Args:
        windows: One for each n and t.
        arithmetic: One for each arithmetic and offset.
    """

    windows: tuple[WindowErrors, ...]
    arithmetic: tuple[ShiftedWindow, ...]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """LAE of n elements in [0, 1] as its temperature nears an end, on uniform windows.

    Args:
        n: Elements of a window.
        to: What LAE tends to: ``max`` as t falls to 0, ``mean`` as it rises.
        t: Temperatures, ascending.
        gaps: Mean distance from what it tends to: one row per seed, one value per t.
        leading: The leading term of that distance, in the same shape: ``t log n`` from the max,
            half the window's variance by t from the mean.
        derivative_deviation: Largest difference between the operator's gradient and the formula of
            Theorem 4, ``(LAE - sum of softmax(z/t) z) / t``, as a share of the largest gradient.
    """

    n: int
    to: Literal["max", "mean"]
    t: tuple[float, ...]
    gaps: tuple[tuple[float, ...], ...]
    leading: tuple[tuple[float, ...], ...]
    derivative_deviation: float
