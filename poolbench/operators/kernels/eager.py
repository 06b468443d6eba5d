"""Smooth maxima in plain tensor operations, for any device, dtype and layout, and for compilers.

Everything as large as the input is recomputed in backward. A window is processed tap by tap, a
whole map as a single tap that is summed, so both scopes share the arithmetic.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.layout import batches, formatted_like, pixelwise
from poolbench.operators.window import Tap, Window

_LN2 = math.log(2.0)
_LOG2E = 1.0 / _LN2
_EVERYTHING = Tap(output=(slice(None), slice(None)), input=(slice(None), slice(None)))
# Without a floor, an element of -inf would add 0 * inf; its powers are 0.
_LOWEST = -1e5


def forward(
    x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return y, m, the logarithm and, for softpool, the centre."""
    maps = x if window is None else pixelwise(x)
    peak = _window_maximum(maps, window)
    shift, temperature = _shift(peak), _temperature(log_temperature)
    scale = _LOG2E / temperature
    total, moment = torch.zeros_like(shift), torch.zeros_like(shift)
    taps = _taps(maps, window)
    for batch in batches(maps):
        for tap in taps:
            here = (batch, slice(None), *tap.output)
            exponents = _exponents(maps, batch, tap, shift, scale)
            if operation == "softpool":
                powers = exponents.exp2()
                moment[here].add_(_collapse(exponents.clamp_(min=_LOWEST).mul_(powers), window))
            else:
                powers = exponents.exp2_()
            total[here].add_(_collapse(powers, window))

    kept = torch.promote_types(x.dtype, torch.float32)
    logarithm = (total / _divisor(maps, window, operation)).log_()
    if operation == "softpool":
        is_empty = total == 0  # nothing but -inf
        centre = moment.mul_(_LN2).div_(total.masked_fill_(is_empty, 1.0))
        pooled = (shift + temperature * centre).masked_fill_(is_empty, -math.inf)
    else:
        centre = total.new_empty(0)
        pooled = shift + temperature * logarithm
    return formatted_like(x, pooled.to(x.dtype)), peak, logarithm.to(kept), centre.to(kept)


def backward(
    upstream: Tensor,
    x: Tensor,
    log_temperature: Tensor,
    peak: Tensor,
    logarithm: Tensor,
    centre: Tensor,
    window: Window | None,
    operation: str,
) -> tuple[Tensor, Tensor]:
    """Return the gradient of x, and that of log t for each map, ``(N, C)``, float64."""
    maps = x if window is None else pixelwise(x)
    shift, temperature = _shift(peak), _temperature(log_temperature)
    scale = _LOG2E / temperature
    level = torch.where(logarithm.isinf(), 0.0, logarithm).double()
    divisor = _divisor(maps, window, operation)
    # In a window of only -inf no element has a share, and the temperature has no effect.
    credit = torch.where(peak == -math.inf, 0.0, upstream).double()
    share = credit / divisor

    gradient = torch.zeros_like(maps, dtype=logarithm.dtype)
    total, moment = torch.zeros_like(shift), torch.zeros_like(shift)
    taps = _taps(maps, window)
    for batch in batches(maps):
        for tap in taps:
            here = (batch, slice(None), *tap.output)
            exponents = _exponents(maps, batch, tap, shift, scale).sub_(level[here] * _LOG2E)
            powers = exponents.exp2()
            distances = exponents.clamp_(min=_LOWEST).mul_(_LN2)
            if operation == "softpool":
                distances.add_((level - centre)[here])
                moment[here].add_(_collapse(powers * distances.square(), window))
                powers.mul_(distances.add_(1.0))
            else:
                total[here].add_(_collapse(powers, window))
                moment[here].add_(_collapse(distances.mul_(powers), window))
            # An addition across dtypes takes torch's slow path: cast first.
            part = powers.mul_(share[here]).to(gradient.dtype)
            gradient[(batch, slice(None), *tap.input)].add_(part)

    if operation != "softpool":
        # sum p = 1 only up to the rounding of the saved logarithm; the second bracket removes
        # that first-order error from the first.
        moment = moment.div_(divisor) - (total.div_(divisor) - 1.0)
    slope = (-temperature * moment * credit).sum((2, 3))
    return formatted_like(x, gradient.to(x.dtype)), slope


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


def _divisor(maps: Tensor, window: Window | None, operation: str) -> Tensor | float:
    if operation != "lae":
        return 1.0
    height, width = maps.shape[2:]
    if window is None:
        return height * width
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
