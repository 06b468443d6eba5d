"""The autograd function of ``lse``, ``lae`` and ``softpool``: sums of w exp(z/t), w = 1 or 1/n.

It defines derivatives, saved tensors and torch's function transforms; the arithmetic is in
``kernels``.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from poolbench.operators.elements import (
    check_maps,
    count_elements,
    distances_from_peak,
    gather_elements,
    without_autocast,
)
from poolbench.operators.kernels import kernel_for
from poolbench.operators.transforms import one_by_one
from poolbench.operators.window import Window


class SmoothMaximum(torch.autograd.Function):
    """Weighted log-sum-exp, or the mean with its weights, with a learnable temperature.

    With p_i = w exp((z_i - m - t L)/t), which sums to 1 over the window::

        m = max(z),   L = log sum_i w exp((z_i - m)/t)
        lse, lae:  y = m + t L,             dy/dz_i = p_i,
                   dy/dlog t = -t sum_i p_i log(p_i / w)
        softpool:  y = sum_i p_i z_i,       dy/dz_i = p_i (1 + (z_i - y)/t),
                   dy/dlog t = -1/t sum_i p_i (z_i - y)^2

    Args:
        x: Maps, ``(N, C, H, W)``, any floating dtype.
        log_temperature: log t, shape ``(1,)`` or ``(C,)``.
        window: Geometry; ``None`` takes the whole map as one window.
        operation: ``lse`` (w = 1), ``lae`` (w = 1/n) or ``softpool``.

    Returns:
        y in the dtype of x, m in the dtype of x, L, and the centre (y - m)/t of softpool, empty
        for the others, in float32 or wider; all ``(N, C, H', W')``, with H' = W' = 1 for the
        whole map.

    Numerics:
        Sums are in float64 whatever the input's dtype. In float32 the gradient of log t is a
        difference of nearly equal sums at every t that is not close to the spread of z; float64
        costs less than float32 series that would fix it, and needs no tuning.
        exp2 is used because it is several times faster than exp and expm1 on CPUs. Measured in
        float32 for t from 1e-3 to 1024: value, gradient and d/dlog t within 3e-7. At higher t, lae
        needs the digits of a mean power's distance from 1, and sums that instead.
        Elements of -inf have no weight. One of +inf weighs as the largest number does, so that k of
        them share the gradient evenly, and t still has one: t log k/n for lae.
        Derivatives beyond the first are those of the definition, by autograd.
    """

    @staticmethod
    def forward(
        x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return y, m, the logarithm and the centre."""
        return kernel_for(x).forward(x, log_temperature, window, operation)

    @staticmethod
    def setup_context(
        ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor, Tensor]
    ) -> None:
        """Save x, log t, m, the logarithm and the centre."""
        x, log_temperature, ctx.window, ctx.operation = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, log_temperature, *output[1:])

    @staticmethod
    def backward(
        ctx: Any, upstream: Tensor | None, *_: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, None, None]:
        """Return the gradients of x and log t."""
        if upstream is None:
            return None, None, None, None
        gradient, slope = _Gradients.apply(upstream, *ctx.saved_tensors, ctx.window, ctx.operation)
        return gradient, slope if ctx.needs_input_grad[1] else None, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Pool for each of several models, one by one: each gets the same bits as alone."""
        return one_by_one(SmoothMaximum, info.batch_size, in_dims, inputs)


class _Gradients(torch.autograd.Function):
    """The first derivatives; their own are those of the definition."""

    @staticmethod
    def forward(
        upstream: Tensor,
        x: Tensor,
        log_temperature: Tensor,
        peak: Tensor,
        logarithm: Tensor,
        centre: Tensor,
        window: Window | None,
        operation: str,
    ) -> tuple[Tensor, Tensor]:
        """Return the gradients of x and of log t."""
        gradient, slope = kernel_for(x).backward(
            upstream, x, log_temperature, peak, logarithm, centre, window, operation
        )
        slope = slope.sum(0).sum_to_size(log_temperature.shape)
        return gradient, slope.to(log_temperature.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ARG004
        """Save the arguments of the definition."""
        ctx.save_for_backward(*inputs[:3])
        ctx.window, ctx.operation = inputs[6:]

    @staticmethod
    def backward(ctx: Any, *directions: Tensor) -> tuple[Tensor | None, ...]:
        """Return the second derivatives, which are differentiable again."""
        is_wanted_again = torch.is_grad_enabled()
        with torch.enable_grad():
            # Views: one input may depend on another, and that path must not be differentiated here.
            inputs = [
                saved.view_as(saved) if saved.requires_grad else saved.detach().requires_grad_()
                for saved in ctx.saved_tensors
            ]
            upstream, x, log_temperature = inputs
            pooled = smooth_maximum_by_definition(x, log_temperature, ctx.window, ctx.operation)
            first = torch.autograd.grad(pooled, inputs[1:], upstream, create_graph=True)
            second = torch.autograd.grad(first, inputs, directions, create_graph=is_wanted_again)
        return *second, None, None, None, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Differentiate for each of several models, one by one."""
        return one_by_one(_Gradients, info.batch_size, in_dims, inputs)


def smooth_maximum(
    x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
) -> Tensor:
    """Return y of :class:`SmoothMaximum`, ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        log_temperature: log t, ``(1,)`` or ``(C,)``, t in the units of x.
        window: Geometry; ``None`` pools the whole map.
        operation: ``lse``, ``lae`` or ``softpool``.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.
    """
    check_maps(x, window)
    with without_autocast(x):
        pooled: Tensor = SmoothMaximum.apply(x, log_temperature, window, operation)[0]
    return pooled.flatten(1) if window is None else pooled


def smooth_maximum_by_definition(
    x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
) -> Tensor:
    """Return y, ``(N, C, H', W')``, by operations that autograd differentiates any number of times.

    Slow, and needs memory for all windows. Arguments as in :class:`SmoothMaximum`; computed in
    float64 on distances from the maximum.
    """
    elements = gather_elements(x.double(), window, padding=-math.inf)
    peak, gaps, is_present = distances_from_peak(elements)
    is_alive = peak != -math.inf
    temperature = log_temperature.double().exp().view(1, -1, 1, 1, 1)
    powers = (gaps / temperature).exp().where(is_present, 0.0)
    total = powers.sum(-1, keepdim=True).where(is_alive, 1.0)
    if operation == "softpool":
        pooled = peak + (powers * gaps).sum(-1, keepdim=True) / total
    else:
        divisor = count_elements(x, window) if operation == "lae" else 1.0
        pooled = peak + temperature * (total / divisor).log()
    return pooled.where(is_alive, -math.inf).squeeze(-1).to(x.dtype)
