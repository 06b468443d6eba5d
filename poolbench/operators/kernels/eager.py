"""Smooth maxima in plain tensor operations, for any device, dtype and layout, and for compilers.

Everything as large as the input is recomputed in backward. A window is processed tap by tap, a
whole map as a single tap that is summed, so both scopes share the arithmetic.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from poolbench.operators.layout import batches, formatted_like, maximum_by_torch, pixelwise
from poolbench.operators.recording import is_readable
from poolbench.operators.window import Tap, Window

_LN2 = math.log(2.0)
_LOG2E = 1.0 / _LN2
_EVERYTHING = Tap(output=(slice(None), slice(None)), input=(slice(None), slice(None)))
# Without a floor, an element of -inf would add 0 * inf; its powers are 0.
_LOWEST = -1e5
HIGH_TEMPERATURE = 1025.0
"""Up to here, t times the rounding of a mean power is nothing."""
_LARGEST = torch.finfo(torch.float64).max


def forward(
    x: Tensor, log_temperature: Tensor, window: Window | None, operation: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return y, m, the logarithm and, for softpool, the centre."""
    maps = x if window is None else pixelwise(x)
    peak = _window_maximum(maps, window)
    shift, temperature = _shift(peak), _temperature(log_temperature)
    scale = _LOG2E / temperature
    is_flat = _is_flat(log_temperature, operation)
    total, moment = torch.zeros_like(shift), torch.zeros_like(shift)
    taps = _taps(maps, window)
    for batch in batches(maps):
        for tap in taps:
            here = (batch, slice(None), *tap.output)
            exponents = _exponents(maps, batch, tap, shift, scale)
            powers = exponents.exp2()
            total[here].add_(_collapse(powers, window))
            if operation == "softpool":
                moment[here].add_(_collapse(powers.mul_(exponents), window))
            elif is_flat:
                moment[here].add_(_collapse(exponents.mul_(_LN2).expm1_(), window))

    kept = torch.promote_types(x.dtype, torch.float32)
    divisor = _divisor(maps, window, operation)
    share = total / divisor
    logarithm = share.log()
    if is_flat:
        logarithm = torch.where(share > 0.5, (moment / divisor).log1p_(), logarithm)
    if operation == "softpool":
        total.masked_fill_(total == 0, 1.0)  # nothing but -inf
        rise = centre = moment.mul_(_LN2).div_(total)
    else:
        rise, centre = logarithm, total.new_empty(0)
    pooled = peak.double() + temperature * rise
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
    is_flat = _is_flat(log_temperature, operation)
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
            distances = exponents.mul_(_LN2)
            if operation == "softpool":
                distances.add_((level - centre)[here])
                moment[here].add_(_collapse(powers * distances.square(), window))
                powers.mul_(distances.add_(1.0))
            else:
                excess = distances.expm1() if is_flat else powers
                total[here].add_(_collapse(excess, window))
                moment[here].add_(_collapse(distances.mul_(powers), window))
            # An addition across dtypes takes torch's slow path: cast first.
            part = powers.mul_(share[here]).to(gradient.dtype)
            gradient[(batch, slice(None), *tap.input)].add_(part)

    if operation != "softpool":
        # sum p = 1 only up to the rounding of the saved logarithm; the second bracket removes
        # that first-order error from the first.
        excess = total.div_(divisor) if is_flat else total.div_(divisor).sub_(1.0)
        moment = moment.div_(divisor) - excess
    slope = (-temperature * moment * credit).sum((2, 3))
    return formatted_like(x, gradient.to(x.dtype)), slope


def _temperature(log_temperature: Tensor) -> Tensor:
    return log_temperature.detach().double().exp().view(1, -1, 1, 1)


def _is_flat(log_temperature: Tensor, operation: str) -> bool:
    """Return whether the mean power may be so near 1 that of their difference digits are lost."""
    if operation != "lae" or not is_readable(log_temperature):
        return operation == "lae"
    return bool((log_temperature > math.log(HIGH_TEMPERATURE)).any())


def _shift(peak: Tensor) -> Tensor:
    # inf - inf is NaN: in differences, infinity is the largest number.
    return peak.double().clamp(-_LARGEST, _LARGEST)


def _exponents(maps: Tensor, batch: slice, tap: Tap, shift: Tensor, scale: Tensor) -> Tensor:
    elements = maps[(batch, slice(None), *tap.input)]
    base = shift[(batch, slice(None), *tap.output)]
    # At most 0, which is the maximum's and +inf's.
    return elements.to(torch.float64, copy=True).sub_(base).mul_(scale).clamp_(_LOWEST, 0.0)


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
    return maximum_by_torch(maps, window)
