"""Maxima, means and products with weights on the CPU, by peaks.c."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from poolbench.operators.kernels.native.job import ROW_LANES, Job, lanes_of
from poolbench.operators.kernels.native.library import library
from poolbench.operators.layout import layout_of
from poolbench.operators.window import Window

HAS_PRODUCTS = True

# The float build covers the first two.
_REALS = {torch.float32: "float", torch.bfloat16: "float", torch.float64: "double"}
# As in peaks.c.
_MOST_LANES = 512
# Size of a unit's maps; in float32, half of a level-2 cache.
_CACHED_ELEMENTS = 2**18
# Indices are stored in floats.
_MOST_ELEMENTS = 2**24


def covers(x: Tensor) -> bool:
    """Return whether the library exists and supports the dtype and size of the maps."""
    is_known = x.dtype in _REALS and x.shape[2] * x.shape[3] <= _MOST_ELEMENTS
    return is_known and isinstance(library("peaks", _REALS[x.dtype]), ctypes.CDLL)


def forward(
    x: Tensor, weight: Tensor | None, window: Window | None, *, with_mean: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the maximum, the mean, the product and the argmax; those not needed are empty.

    Args:
        x: Maps, ``(N, C, H, W)``.
        weight: Weights of the products, ``(1 or C, height, width)``, float32 or wider; only
            together with means.
        window: Geometry; ``None`` for whole maps.
        with_mean: Whether means are needed.
    """
    layout = layout_of(x)
    job = _job(x.shape, x.dtype, layout, window)
    kernel = window.kernel_size if window else x.shape[2:]
    argmax = job.empty_outputs(torch.uint8 if kernel[0] * kernel[1] <= 256 else torch.int32)
    wanted = {"peak": job.empty_outputs(x.dtype), "argmax": argmax}
    nothing = x.new_empty(0)
    if with_mean:
        wanted["mean"] = job.empty_outputs(x.dtype)
    if weight is not None:
        wanted["product"] = job.empty_outputs(weight.dtype)
        wanted["weight"] = _laid_out(weight, x, window)
    maps = x.detach().contiguous(memory_format=layout)
    job.run(_found(x.dtype), "forward", maps=maps, **wanted)
    return wanted["peak"], wanted.get("mean", nothing), wanted.get("product", nothing), argmax


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
        to_product: Gradient of the product, if there is one.
        argmax: Index of the maximum in its window, row by row.
        maps: The pooled maps; without products only shape, layout and dtype matter.
        weight: Weights of the products.
        window: Geometry; ``None`` for whole maps.
    """
    layout = layout_of(maps)
    job = _job(maps.shape, maps.dtype, layout, window)
    given = {"upstream": to_peak, "argmax": argmax}
    if to_mean is not None:
        given["to_mean"] = to_mean
    if to_product is not None:
        given["to_product"] = to_product
        given["maps"] = maps.detach()
    given = {name: job.as_given(tensor) for name, tensor in given.items()}
    if weight is not None:
        given["weight"] = _laid_out(weight, maps, window)
    gradient = torch.empty(maps.shape, dtype=maps.dtype, memory_format=layout)
    job.run(_found(maps.dtype), "backward", gradient=gradient, **given)
    return gradient


def weigh(to_product: Tensor, x: Tensor, weight: Tensor, window: Window | None) -> Tensor:
    """Return the gradient of the weight, in its shape; arguments as in :func:`backward`."""
    layout = layout_of(x)
    lanes = lanes_of(x.shape[1], 64) if layout == torch.channels_last else ROW_LANES
    job = Job(x.shape, x.dtype, layout, window, lanes=lanes)
    every_channel = weight.expand(x.shape[1], -1, -1)
    gradient = _laid_out(torch.empty_like(every_channel, dtype=torch.float64), x, window)
    maps, upstream = job.as_given(x.detach()), job.as_given(to_product)
    job.run(_found(x.dtype), "weigh", maps=maps, to_product=upstream, weight_gradient=gradient)
    if not _is_by_rows(x, window):
        gradient = gradient.t()
    return gradient.view(every_channel.shape).sum_to_size(weight.shape).to(weight.dtype)


def _laid_out(weight: Tensor, x: Tensor, window: Window | None) -> Tensor:
    """Return weights in the kernel's order: by pixels of a row, or by channels of a pixel."""
    rows = weight.detach().flatten(1)
    return (rows if _is_by_rows(x, window) else rows.t()).contiguous()


def _is_by_rows(x: Tensor, window: Window | None) -> bool:
    return window is None and layout_of(x) == torch.contiguous_format


def _job(
    size: torch.Size, dtype: torch.dtype, layout: torch.memory_format, window: Window | None
) -> Job:
    """Return a job with units that are read sequentially and fit the cache."""
    if layout != torch.channels_last:
        return Job(size, dtype, layout, window, lanes=ROW_LANES)
    pixels = size[2] * size[3] if window else 1
    most = max(ROW_LANES, min(_MOST_LANES, _CACHED_ELEMENTS // pixels // ROW_LANES * ROW_LANES))
    return Job(size, dtype, layout, window, lanes=lanes_of(size[1], most))


def _found(dtype: torch.dtype) -> ctypes.CDLL:
    found = library("peaks", _REALS[dtype])
    assert isinstance(found, ctypes.CDLL)  # noqa: S101 - covers() has said so
    return found
