"""Checking maps, and turning them into the elements of each window and back."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.layout import formatted_like
from poolbench.operators.recording import is_readable
from poolbench.operators.window import Window


def check_maps(x: Tensor, window: Window | None) -> None:
    """Check that maps can be pooled.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        window: Geometry; ``None`` pools the whole map.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.
    """
    if x.dim() != 4 or not x.is_floating_point():
        raise ValueError(
            f"pooling takes floating maps of shape (N, C, H, W), not {x.dtype} {tuple(x.shape)}"
        )
    if window is not None:
        window.output_size((x.shape[2], x.shape[3]))
    elif 0 in x.shape[2:]:
        raise ValueError(f"empty window: maps of shape {tuple(x.shape)} have no element to pool")


def without_autocast(x: Tensor) -> AbstractContextManager[object]:
    """Return a context that switches autocast off on x's device.

    The meta device, used to find shapes, has no autocast.
    """
    return nullcontext() if x.is_meta else torch.autocast(x.device.type, enabled=False)


def gather_elements(x: Tensor, window: Window | None, *, padding: float) -> Tensor:
    """Return the elements of every window along a last dimension, in row-major order.

    Args:
        x: Maps, ``(N, C, H, W)``.
        window: Geometry; ``None`` takes the whole map as one window.
        padding: Value outside the map; the caller must be able to distinguish it from an element,
            or give it no weight.

    Returns:
        ``(N, C, H', W', n)``, with H' = W' = 1 for the whole map. Overlapping windows copy their
        elements, which takes n / stride**2 times the memory of the maps.
    """
    if window is None:
        return x.flatten(2)[:, :, None, None]
    bottom, right = window.overhang((x.shape[2], x.shape[3]))
    vertical, horizontal = window.padding
    border = (horizontal, horizontal + right, vertical, vertical + bottom)
    padded = F.pad(x, border, value=padding) if any(border) else x
    rows = padded.unfold(2, window.kernel_size[0], window.stride[0])
    return rows.unfold(3, window.kernel_size[1], window.stride[1]).flatten(4)


def count_elements(x: Tensor, window: Window | None) -> Tensor:
    """Return n, the number of elements of each window without padding: ``(1, 1, H', W', 1)``."""
    ones = torch.ones(1, 1, *x.shape[2:], dtype=torch.float64, device=x.device)
    return gather_elements(ones, window, padding=0.0).sum(-1, keepdim=True)


def distances_from_peak(elements: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the maximum of each window, how far its elements lie below, and which have weight.

    Args:
        elements: ``(N, C, H', W', n)``; padding is -inf.

    Returns:
        The maximum, ``(N, C, H', W', 1)``, through which no gradient flows, because no result
        depends on a shift; the distances, at most 0, and 0 without weight; and which elements have
        weight: not those of -inf, and beside +inf no others.
    """
    peak = elements.detach().amax(-1, keepdim=True)
    is_lit = elements != -torch.inf
    if is_readable(peak) and not (peak == torch.inf).any():
        gaps = elements - peak
    else:
        gaps = _Difference.apply(elements, peak)
        is_lit &= gaps != -torch.inf
    return peak, gaps.where(is_lit, 0.0), is_lit


class WithoutInfinity(torch.autograd.Function):
    """The elements, with 1e200 in place of +inf: a gradient passes as if they were the same.

    What is pooled from them stays finite, and so do its derivatives.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        """Replace +inf."""
        return x.masked_fill(x == torch.inf, 1e200)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Save nothing."""

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:  # noqa: ARG004
        """Pass the gradient on."""
        return upstream


class _Difference(torch.autograd.Function):
    """``a - b``, and 0 where they are the same infinity, differentiated by a alone."""

    generate_vmap_rule = True

    @staticmethod
    def forward(a: Tensor, b: Tensor) -> Tensor:
        """Subtract."""
        return (a - b).masked_fill(a == b, 0.0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        """Save nothing."""

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:  # noqa: ARG004
        """Pass the gradient on."""
        return upstream, None


def as_output(pooled: Tensor, x: Tensor, window: Window | None) -> Tensor:
    """Return pooled values in the dtype, shape and memory format that fit the maps.

    Args:
        pooled: ``(N, C, H', W')``, with H' = W' = 1 for the whole map.
        x: The maps, ``(N, C, H, W)``.
        window: Geometry; ``None`` for the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.
    """
    result = pooled.to(x.dtype)
    return result.flatten(1) if window is None else formatted_like(x, result)
