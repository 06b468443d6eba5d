"""Means and norms of powers, computed as smooth maxima of logarithms.

With u = log z and t = 1/p, a mean of p-th powers is ``exp(lae(u; t))`` and a sum
``exp(lse(u; t))``. Shifting by the maximum then divides by the largest element, no power
over- or underflows, and log p gets the accurate gradient of -log t.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poolbench.operators.elements import (
    WithoutInfinity,
    as_output,
    check_maps,
    without_autocast,
)
from poolbench.operators.functional import maximum
from poolbench.operators.recording import is_finite
from poolbench.operators.smooth_maximum import SmoothMaximum
from poolbench.operators.window import Window

EPSILON = 1e-6
"""Floor of the elements of a generalised mean, in the units of the activations."""


def generalized_mean(x: Tensor, log_p: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the generalised mean: ``(mean(max(z, eps)^p))^(1/p)``, eps = 1e-6.

    ``mean(z) <= y <= max(z)`` for elements above eps and p >= 1; y rises with p. Elements below
    eps, including -inf, count as eps and get no gradient.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        log_p: log p, ``(1,)`` or ``(C,)``.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: logarithms and exponentials in float64, whatever the dtype of x.

    References:
        Radenovic, Tolias, Chum 2019 (arXiv:1711.02512).
    """
    check_maps(x, window)
    with without_autocast(x):
        logarithms = _without_infinity(x).clamp(min=EPSILON).log()
        return _power_pool(x, logarithms, log_p, window, "lae")


def lp_norm(x: Tensor, log_p: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the norm of each window: ``(sum |z|^p)^(1/p)``.

    ``max|z| <= y <= n^(1/p) max|z|``; y falls with p; y(az) = |a| y(z). Elements of 0 get no
    gradient. Elements of -inf have no weight, and alone give 0.

    Args:
        x: Maps, ``(N, C, H, W)``, floating, of any sign.
        log_p: log p, ``(1,)`` or ``(C,)``.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: logarithms and exponentials in float64, whatever the dtype of x.
    """
    check_maps(x, window)
    with without_autocast(x):
        # log 0 would give 0 * inf in backward: elements that add nothing are removed first.
        is_absent = (x == 0) | (x == -torch.inf)
        sizes = _without_infinity(x).abs().masked_fill(is_absent, 1.0)
        logarithms = sizes.log().masked_fill(is_absent, -torch.inf)
        return _power_pool(x, logarithms, log_p, window, "lse")


def _power_pool(
    x: Tensor, logarithms: Tensor, log_p: Tensor, window: Window | None, operation: str
) -> Tensor:
    pooled: Tensor = SmoothMaximum.apply(logarithms, -log_p, window, operation)[0]
    powers = as_output(pooled.exp(), x, window)
    if is_finite(x):
        return powers
    # Of the stand-in for +inf only the derivatives are wanted.
    is_infinite = maximum(x.detach(), window=window) == torch.inf
    return powers + torch.where(is_infinite, torch.inf, 0.0).to(x.dtype)


def _without_infinity(x: Tensor) -> Tensor:
    found: Tensor = x.double() if is_finite(x) else WithoutInfinity.apply(x.double())
    return found
