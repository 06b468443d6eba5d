"""Maxima and means on a GPU by Triton: one read forward, one write backward."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from poolbench.operators.kernels.gpu.peaks_kernels import find_in_maps, find_in_windows, spread
from poolbench.operators.kernels.gpu.tiles import Tiles
from poolbench.operators.layout import layout_of
from poolbench.operators.window import Window

HAS_PRODUCTS = False

_DTYPES = (torch.float32, torch.bfloat16, torch.float16)


def covers(x: Tensor) -> bool:
    """Return whether the kernels run here and support the dtype, and the maps are not empty."""
    return x.dtype in _DTYPES and x.numel() > 0 and fault(x.device) is None


@functools.cache
def fault(device: torch.device) -> str | None:
    """Return why the kernels cannot be used on a device; ``None`` if they can.

    They are tried once on a few elements, because missing compilers and drivers only show when a
    kernel is launched.
    """
    x = torch.arange(32, device=device).remainder(7).float().view(2, 1, 4, 4)
    window = Window.of(3, 2, 1)
    try:
        found, _, _, argmax = forward(x, None, window, with_mean=False)
        gradient = backward(torch.ones_like(found), None, None, argmax, x, None, window)
    except Exception as error:  # launches fail in many ways
        return f"no GPU kernels: {error}"
    on_host = x.cpu().requires_grad_()
    expected = torch.nn.functional.max_pool2d(on_host, 3, 2, 1)
    (slope,) = torch.autograd.grad(expected.sum(), on_host)
    is_right = torch.equal(found.cpu(), expected) and torch.equal(gradient.cpu(), slope)
    return None if is_right else "no GPU kernels: they compute wrong values"


def forward(
    x: Tensor, weight: Tensor | None, window: Window | None, *, with_mean: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the maximum, the mean, the product and the argmax; those not needed are empty.

    Args:
        x: Maps, ``(N, C, H, W)``.
        weight: ``None``: products are not supported.
        window: Geometry; ``None`` for whole maps.
        with_mean: Whether means are needed.
    """
    assert weight is None  # noqa: S101 - HAS_PRODUCTS says so
    tiles = Tiles.of(x, window)
    kernel = window.kernel_size if window else x.shape[2:]
    argmax = tiles.empty_outputs(torch.uint8 if kernel[0] * kernel[1] <= 256 else torch.int32)
    peak, nothing = tiles.empty_outputs(x.dtype), x.new_empty(0)
    mean = tiles.empty_outputs(x.dtype) if with_mean else nothing
    tensors = (tiles.as_given(x), peak, mean, argmax)
    if window is None:
        tiles.run(find_in_maps, *tensors, pixels=tiles.pixels, whole_rows=True, WITH_MEAN=with_mean)
    else:
        tiles.run(find_in_windows, *tensors, pixels=tiles.outputs, WITH_MEAN=with_mean)
    return peak, mean, nothing, argmax


def backward(
    to_peak: Tensor,
    to_mean: Tensor | None,
    to_product: Tensor | None,
    argmax: Tensor,
    maps: Tensor,
    weight: Tensor | None,
    window: Window | None,
) -> Tensor:
    """Return the gradient of the maps, in their layout.

    Args:
        to_peak: Gradient of the maximum, ``(N, C, H', W')``.
        to_mean: Gradient of the mean, if there is one.
        to_product: ``None``.
        argmax: Index of the maximum in its window, row by row.
        maps: The pooled maps; only shape, layout and dtype matter.
        weight: ``None``.
        window: Geometry; ``None`` for whole maps.
    """
    assert to_product is None and weight is None  # noqa: S101, PT018 - HAS_PRODUCTS says so
    layout = layout_of(maps)
    tiles = Tiles(maps.shape, layout, argmax.device, window)
    gradient = torch.empty(maps.shape, dtype=maps.dtype, device=argmax.device, memory_format=layout)
    given = [tiles.as_given(to_peak if tensor is None else tensor) for tensor in (to_peak, to_mean)]
    tiles.run(
        spread, *given, tiles.as_given(argmax), gradient,
        pixels=tiles.pixels, WITH_MEAN=to_mean is not None,
    )  # fmt: skip
    return gradient


def weigh(to_product: Tensor, x: Tensor, weight: Tensor, window: Window | None) -> Tensor:
    """Raise an error: products are not supported."""
    raise NotImplementedError("products with weights have no GPU kernel")
