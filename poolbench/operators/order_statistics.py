"""Elements of a window by rank, and interpolation between two of them."""

from __future__ import annotations

import torch
from torch import Tensor

from poolbench.operators.elements import (
    as_output,
    check_maps,
    count_elements,
    gather_elements,
    without_autocast,
)
from poolbench.operators.functional import maximum
from poolbench.operators.window import Window


def minimum(x: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the minimum of each window: ``min(z) = -max(-z)``.

    Ties give the whole gradient to the first element in row-major order.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.
    """
    check_maps(x, window)
    return -maximum(-x, window=window)


def quantile(x: Tensor, q: float, *, window: Window | None = None) -> Tensor:
    """Return the q-quantile of each window, linear between neighbours in rank.

    With ``z_(0) <= ... <= z_(n-1)`` and ``h = q (n - 1)``, the value is
    ``(1 - f) z_(k) + f z_(k+1)``, k the whole part of h and f the rest. q = 0 is the minimum, 1
    the maximum, 0.5 the median, which for even n is the midpoint of the middle two. The gradient
    of equal elements goes to the first of them in row-major order.

    Args:
        x: Maps, ``(N, C, H, W)``, floating. Elements of -inf count in n and rank lowest.
        q: Level, from 0 to 1.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    References:
        Definition 7 of Hyndman, Fan 1996.
    """
    check_maps(x, window)
    with without_autocast(x):
        # Padding is above every element, so that the first n ranks are the elements.
        elements = gather_elements(x, window, padding=torch.inf)
        ranked = elements.detach().sort(-1).values
        position = q * (count_elements(x, window) - 1)
        below = position.floor()
        fraction = position - below
        lower = _element_of_rank(elements, ranked, below)
        upper = _element_of_rank(elements, ranked, position.ceil())
        dtype = torch.promote_types(x.dtype, torch.float32)
        weight = fraction.to(dtype)
        blend = (1 - weight) * lower.to(dtype) + weight * upper.to(dtype)
        # At a whole h the neighbour has weight 0, and 0 times infinity would be NaN.
        pooled = blend.where(weight > 0, lower.to(dtype))
        pooled = pooled.where(~ranked[..., -1:].isnan(), torch.nan)  # which are sorted last
        return as_output(pooled.squeeze(-1), x, window)


def _element_of_rank(elements: Tensor, ranked: Tensor, rank: Tensor) -> Tensor:
    at = rank.long().expand(*elements.shape[:-1], 1)
    first = (elements.detach() == ranked.gather(-1, at)).to(torch.uint8).argmax(-1, keepdim=True)
    return elements.gather(-1, first)
