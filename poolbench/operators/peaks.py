"""Maxima, means and products of windows in one pass, for fused ``max``, ``mixed`` and ``gated``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.elements import gather_elements
from poolbench.operators.kernels import PeaksKernel, peaks_on
from poolbench.operators.transforms import one_by_one
from poolbench.operators.window import Window


class Peaks(torch.autograd.Function):
    """Maximum and mean of each window, and its product with weights: ``max z, mean z, w . z``.

    The maximum's gradient goes to the first of the largest elements, in the window's row-major
    order. Infinite elements add nothing to the product. For the backward pass only the argmax is
    kept, in one byte for windows of up to 256 elements; the maps only for products. Derivatives
    beyond the first are those of the definition, by autograd.

    Args:
        x: Maps, ``(N, C, H, W)``, that ``kernels.peaks_for`` supports.
        weight: w, ``(1 or C, kernel height, kernel width)``, ``(1 or C, H, W)`` without window,
            float32 or wider; ``None`` without products.
        window: Geometry; ``None`` takes the whole map as one window.
        with_mean: Whether the mean is needed; a product needs the mean too.

    Returns:
        The maximum, the mean, the product, and the argmax, the index of the maximum from 0, row by
        row in its window; ``(N, C, H', W')``, with H' = W' = 1 for the whole map, or empty.
    """

    @staticmethod
    def forward(
        x: Tensor, weight: Tensor | None, window: Window | None, with_mean: bool
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the maximum, the mean, the product and the argmax."""
        return _kernel(x).forward(x, weight, window, with_mean=with_mean)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Save the argmax, and the maps or, without products, their shape, layout and dtype."""
        x, weight, ctx.window, ctx.with_mean = inputs
        wanted = (True, ctx.with_mean, weight is not None, False)
        ctx.mark_non_differentiable(
            *(tensor for tensor, is_wanted in zip(output, wanted, strict=True) if not is_wanted)
        )
        maps = x if weight is not None else None
        ctx.save_for_backward(output[3], maps, weight)
        ctx.save_for_forward(output[3], maps, weight)
        ctx.like = torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device="meta")

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, in the layout of x, and of the weights."""
        argmax, maps, weight = ctx.saved_tensors
        to_mean = upstream[1] if ctx.with_mean else None
        to_product = None if weight is None else upstream[2]
        gradient, slope = _Gradients.apply(
            upstream[0], to_mean, to_product, maps, weight, argmax, ctx.like, ctx.window
        )
        return gradient, None if weight is None else slope, None, None

    @staticmethod
    def jvp(ctx: Any, direction: Tensor, slope: Tensor | None, *_: None) -> tuple[Any, ...]:
        """Return the derivatives of maximum, mean and product along a direction."""
        argmax, maps, weight = ctx.saved_tensors
        mean = _mean(direction, ctx.window) if ctx.with_mean else None
        product = None
        if slope is not None:  # with weights always: of fixed ones it is zero
            visible = direction.masked_fill(maps.isinf(), 0.0)
            product = _product(visible, weight, ctx.window) + _product(maps, slope, ctx.window)
        return _pick(direction, argmax, ctx.window), mean, product, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Pool for each of several models, one by one."""
        return one_by_one(Peaks, info.batch_size, in_dims, inputs)


class _Gradients(torch.autograd.Function):
    """The first derivatives, given the argmax; their own are those of the definition."""

    @staticmethod
    def forward(
        to_peak: Tensor,
        to_mean: Tensor | None,
        to_product: Tensor | None,
        maps: Tensor | None,
        weight: Tensor | None,
        argmax: Tensor,
        like: Tensor,
        window: Window | None,
    ) -> tuple[Tensor, Tensor]:
        """Return the gradient of the maps, and that of the weights, empty without products."""
        given, kernel = like if maps is None else maps, _kernel(argmax)
        gradient = kernel.backward(to_peak, to_mean, to_product, argmax, given, weight, window)
        if to_product is None or maps is None or weight is None:
            return gradient, to_peak.new_empty(0)
        return gradient, kernel.weigh(to_product, maps, weight, window)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ARG004
        """Save the arguments of the definition."""
        ctx.save_for_backward(*inputs[:6])
        ctx.size, ctx.window = inputs[6].shape, inputs[7]

    @staticmethod
    def backward(ctx: Any, *directions: Tensor) -> tuple[Tensor | None, ...]:
        """Return the second derivatives, which are differentiable again."""
        is_wanted_again = torch.is_grad_enabled()
        with torch.enable_grad():
            # Views: one input may depend on another, and that path must not be differentiated here.
            given = [None if saved is None else _leaf(saved) for saved in ctx.saved_tensors[:5]]
            found = _differentiate(given, ctx.saved_tensors[5], ctx.size, ctx.window)
            inputs = [tensor for tensor in given if tensor is not None]
            second = iter(
                torch.autograd.grad(
                    found, inputs, directions[: len(found)], create_graph=is_wanted_again
                )
            )
        return *(None if tensor is None else next(second) for tensor in given), None, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Differentiate for each of several models, one by one."""
        return one_by_one(_Gradients, info.batch_size, in_dims, inputs)


def _kernel(tensor: Tensor) -> PeaksKernel:
    found = peaks_on(tensor.device)
    assert found is not None  # noqa: S101 - peaks_for() has said so
    return found


def _leaf(saved: Tensor) -> Tensor:
    return saved.view_as(saved) if saved.requires_grad else saved.detach().requires_grad_()


def _differentiate(
    given: Sequence[Tensor | None], argmax: Tensor, size: torch.Size, window: Window | None
) -> tuple[Tensor, ...]:
    """Return the gradients by operations that autograd differentiates any number of times.

    Args:
        given: The gradients of maximum, mean and product, the maps and the weights.
        argmax: Index of the maximum in its window, row by row.
        size: Shape of the maps.
        window: Geometry; ``None`` for whole maps.
    """
    to_peak, to_mean, to_product, maps, weight = given
    assert to_peak is not None  # noqa: S101 - there is always a maximum
    anywhere = to_peak.new_zeros(size).requires_grad_()
    pooled, upstream = [_pick(anywhere, argmax, window)], [to_peak]
    if to_mean is not None:
        pooled.append(_mean(anywhere, window))
        upstream.append(to_mean)
    (gradient,) = torch.autograd.grad(pooled, anywhere, upstream, create_graph=True)
    if maps is None or weight is None:
        return (gradient,)
    product = _product(maps, weight, window)
    part, slope = torch.autograd.grad(product, (maps, weight), to_product, create_graph=True)
    return gradient + part, slope


def _pick(maps: Tensor, argmax: Tensor, window: Window | None) -> Tensor:
    """Return the element of each window at an index, ``(N, C, H', W')``."""
    at = argmax.long()
    if window is not None:
        rows, columns = (torch.arange(n, device=maps.device) for n in argmax.shape[2:])
        kernel_width = window.kernel_size[1]
        top = rows[:, None] * window.stride[0] - window.padding[0]
        left = columns * window.stride[1] - window.padding[1]
        at = (top + at // kernel_width) * maps.shape[3] + left + at % kernel_width
    return maps.flatten(2).gather(2, at.flatten(2)).view(argmax.shape)


def _mean(maps: Tensor, window: Window | None) -> Tensor:
    """Return the mean of each window, ``(N, C, H', W')``."""
    if window is None:
        return maps.mean((2, 3), keepdim=True)
    return F.avg_pool2d(
        maps, window.kernel_size, window.stride, window.padding,
        ceil_mode=window.ceil_mode, count_include_pad=False,
    )  # fmt: skip


def _product(maps: Tensor, weight: Tensor, window: Window | None) -> Tensor:
    """Return the product of each window with the weights, ``(N, C, H', W')``."""
    visible = maps.to(weight.dtype).masked_fill(maps.isinf(), 0.0)
    elements = gather_elements(visible, window, padding=0.0)
    return (elements * weight.flatten(1)[:, None, None]).sum(-1)
