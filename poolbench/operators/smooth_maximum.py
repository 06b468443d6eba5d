"""The engine of ``lse`` and ``lae``: t log sum w exp(z/t), with w = 1 or 1/n.

Forward keeps the input, the maximum and the logarithm; everything as large as the input is
computed again in backward. A window is visited tap by tap, a whole map as a single tap that is
summed, so both scopes share every line of arithmetic.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.layout import batches, formatted_like, pixelwise
from poolbench.operators.window import Tap, Window

_LN2 = math.log(2.0)
_LOG2E = 1.0 / _LN2
_EVERYTHING = Tap(output=(slice(None), slice(None)), input=(slice(None), slice(None)))


class SmoothMaximum(torch.autograd.Function):
    """Weighted log-sum-exp with a learnable temperature.

    With p_i = w exp((z_i - y)/t), which sums to 1 over the window::

        y = m + t log sum_i w exp((z_i - m)/t),   m = max(z)
        dy/dz_i = p_i
        dy/dlog t = -t sum_i p_i log(p_i / w)

    Args:
        x: Maps, ``(N, C, H, W)``, any floating dtype.
        log_temperature: log t, shape ``(1,)`` or ``(C,)``.
        window: Geometry; ``None`` takes the whole map as one window.
        averaged: Whether w is 1/n (``lae``) rather than 1 (``lse``).

    Returns:
        y in the dtype of x, m in the dtype of x, and log sum w exp, in float32 or wider; all
        ``(N, C, H', W')``, with H' = W' = 1 for the whole map.

    Raises:
        RuntimeError: when a second derivative is taken: it would be silently wrong, because m and
            the logarithm are saved as constants.

    Numerics:
        The sums run in float64 whatever the input's dtype. In float32 the gradient of log t is a
        difference of nearly equal sums at every t that is not close to the spread of z; float64
        costs less than the float32 series that repair it, and has nothing to tune.
        exp2 is used because it is several times faster than exp and expm1 on CPUs. Measured in
        float32 for t from 1e-3 to 1024: value, gradient and d/dlog t within 3e-7.
    """

    @staticmethod
    def forward(
        x: Tensor, log_temperature: Tensor, window: Window | None, averaged: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return y, m and the logarithm."""
        maps = x if window is None else pixelwise(x)
        peak = _window_maximum(maps, window)
        shift, temperature = _shift(peak), _temperature(log_temperature)
        scale = _LOG2E / temperature
        total = torch.zeros_like(shift)
        taps = _taps(maps, window)
        for batch in batches(maps):
            for tap in taps:
                here = (batch, slice(None), *tap.output)
                powers = _exponents(maps, batch, tap, shift, scale).exp2_()
                total[here].add_(_collapse(powers, window))
        logarithm = total.div_(_divisor(maps, window, averaged)).log_()
        pooled = (shift + temperature * logarithm).to(x.dtype)
        kept = torch.promote_types(x.dtype, torch.float32)
        return formatted_like(x, pooled), peak, logarithm.to(kept)

    @staticmethod
    def setup_context(
        ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]
    ) -> None:
        """Save x, log t, m and the logarithm."""
        x, log_temperature, ctx.window, ctx.averaged = inputs
        _, peak, logarithm = output
        ctx.mark_non_differentiable(peak, logarithm)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, log_temperature, peak, logarithm)

    @staticmethod
    def backward(
        ctx: Any, upstream: Tensor | None, *_: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, None, None]:
        """Return the gradients of x and log t."""
        if upstream is None:
            return None, None, None, None
        gradient, slope = _Gradients.apply(
            upstream, *ctx.saved_tensors, ctx.window, ctx.averaged, ctx.needs_input_grad[1]
        )
        return gradient, slope if ctx.needs_input_grad[1] else None, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Pool for each of several models, one by one: each gets the bits it gets alone."""
        return _one_by_one(SmoothMaximum, info.batch_size, in_dims, inputs)


class _Gradients(torch.autograd.Function):
    """The first derivatives; their own are refused, since they hold m and the logarithm fixed."""

    @staticmethod
    def forward(
        upstream: Tensor,
        x: Tensor,
        log_temperature: Tensor,
        peak: Tensor,
        logarithm: Tensor,
        window: Window | None,
        averaged: bool,
        wants_slope: bool,
    ) -> tuple[Tensor, Tensor]:
        """Return the gradients of x and of log t; the latter is zero where it is not wanted."""
        maps = x if window is None else pixelwise(x)
        shift, temperature = _shift(peak), _temperature(log_temperature)
        scale = _LOG2E / temperature
        level = torch.where(logarithm.isinf(), 0.0, logarithm).double() * _LOG2E
        divisor = _divisor(maps, window, averaged)
        # A window of nothing but -inf has no share to give, and its temperature no effect.
        credit = torch.where(peak == -math.inf, 0.0, upstream).double()
        share = credit / divisor

        gradient = torch.zeros_like(maps, dtype=logarithm.dtype)
        total, moment = torch.zeros_like(shift), torch.zeros_like(shift)
        taps = _taps(maps, window)
        for batch in batches(maps):
            for tap in taps:
                here = (batch, slice(None), *tap.output)
                exponents = _exponents(maps, batch, tap, shift, scale).sub_(level[here])
                powers = exponents.exp2()
                if wants_slope:
                    total[here].add_(_collapse(powers, window))
                    # Without a floor an element of -inf would add 0 * inf.
                    weighted = exponents.clamp_(min=-1e5).mul_(powers)
                    moment[here].add_(_collapse(weighted, window))
                # An addition across dtypes takes torch's slow path: cast first.
                part = powers.mul_(share[here]).to(gradient.dtype)
                gradient[(batch, slice(None), *tap.input)].add_(part)

        slope = torch.zeros_like(log_temperature)
        if wants_slope:
            # sum p = 1 only up to the rounding of the saved logarithm; the second bracket
            # takes that first-order error out of the first.
            divergence = moment.mul_(_LN2).div_(divisor) - (total.div_(divisor) - 1.0)
            slope = (-temperature * divergence * credit).sum((0, 2, 3))
            slope = slope.sum_to_size(log_temperature.shape).to(log_temperature.dtype)
        return formatted_like(x, gradient.to(x.dtype)), slope

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        """Save nothing."""

    @staticmethod
    def backward(*_: Any) -> None:
        """Refuse."""
        raise RuntimeError("lse, lae, gem and lp have no second derivative")

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Differentiate for each of several models, one by one."""
        return _one_by_one(_Gradients, info.batch_size, in_dims, inputs)


def _one_by_one(
    function: type[torch.autograd.Function],
    count: int,
    in_dims: tuple[int | None, ...],
    inputs: tuple[Any, ...],
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
    outputs = [
        function.apply(
            *(
                value if dim is None else value.select(dim, index)
                for value, dim in zip(inputs, in_dims, strict=True)
            )
        )
        for index in range(count)
    ]
    stacked = tuple(torch.stack(parts) for parts in zip(*outputs, strict=True))
    return stacked, (0,) * len(stacked)


def _temperature(log_temperature: Tensor) -> Tensor:
    return log_temperature.detach().double().exp().view(1, -1, 1, 1)


def _shift(peak: Tensor) -> Tensor:
    # inf - inf is NaN; without a finite maximum nothing needs to be shifted.
    return torch.where(peak.isfinite(), peak, 0.0).double()


def _exponents(maps: Tensor, batch: slice, tap: Tap, shift: Tensor, scale: Tensor) -> Tensor:
    elements = maps[(batch, slice(None), *tap.input)]
    base = shift[(batch, slice(None), *tap.output)]
    return elements.to(torch.float64, copy=True).sub_(base).mul_(scale)


def _collapse(values: Tensor, window: Window | None) -> Tensor:
    return values.sum((2, 3), keepdim=True) if window is None else values


def _divisor(maps: Tensor, window: Window | None, averaged: bool) -> Tensor | float:
    if not averaged:
        return 1.0
    height, width = maps.shape[2:]
    if window is None:
        return float(height * width)
    outputs = window.output_size((height, width))
    count = torch.zeros(1, 1, *outputs, dtype=torch.float64, device=maps.device)
    for tap in window.taps((height, width)):
        count[(slice(None), slice(None), *tap.output)].add_(1)
    return count


def _taps(maps: Tensor, window: Window | None) -> tuple[Tap, ...]:
    return (_EVERYTHING,) if window is None else tuple(window.taps((maps.shape[2], maps.shape[3])))


def _window_maximum(maps: Tensor, window: Window | None) -> Tensor:
    if window is None:
        return maps.amax((2, 3), keepdim=True)
    return F.max_pool2d(
        maps, window.kernel_size, window.stride, window.padding, ceil_mode=window.ceil_mode
    )
