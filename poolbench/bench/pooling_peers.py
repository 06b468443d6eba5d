"""The peers of our operators: what people write or import instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.window import Window

Pool = Callable[[Tensor], Tensor]


def peers_of(
    operator: str, parameter: Tensor, window: Window | None
) -> dict[str, tuple[Pool, bool]]:
    """Return the peers of an operator by name, and whether each computes the same values.

    Peers that do not are yardsticks: nothing pools faster than a mean.

    Args:
        operator: ``lae``, ``lse``, ``softpool``, ``mixed``, ``gated`` or ``max``.
        parameter: log t, or the share of the max, ``(1,)`` or ``(C,)``; the gate's weight,
            ``(1 or C, height, width)``; unused by ``max``.
        window: Geometry without overhang; ``None`` pools the whole map.
    """
    peers: dict[str, tuple[Pool, bool]] = {}
    if operator in ("lae", "lse"):
        peers["textbook formula"] = (_textbook(operator, parameter, window), True)
    elif operator == "softpool":
        peers["softmax times z"] = (_softmax_times(parameter, window), True)
    elif operator == "mixed":
        peers["max and mean"] = (_max_and_mean(parameter, window), True)
    elif operator == "gated":
        peers["gate, max and mean"] = (_gated(parameter, window), True)
    elif window is None:
        peers["adaptive_max_pool2d"] = (lambda x: F.adaptive_max_pool2d(x, 1), True)
        peers["amax"] = (lambda x: x.amax((2, 3)), True)
    else:
        peers["max_pool2d"] = (lambda x: _max(x, window), True)
        peers["elements, amax"] = (lambda x: _elements(x, window).amax(2), True)
    if operator == "lae" and window is None and parameter.numel() == 1 and find_spec("timm"):
        peers["timm LsePlus2d"] = (_timm(parameter), True)
    peers["mean"] = (_mean(window), False)
    return peers


def _elements(x: Tensor, window: Window | None) -> Tensor:
    """Return the elements of windows along dimension 2; padding is the lowest float."""
    if window is None:
        return x.flatten(2)
    vertical, horizontal = window.padding
    padded = F.pad(x, (horizontal, horizontal, vertical, vertical), value=torch.finfo(x.dtype).min)
    columns = F.unfold(padded, window.kernel_size, stride=window.stride)
    return columns.view(*x.shape[:2], -1, columns.shape[-1])


def _beside(parameter: Tensor, values: Tensor) -> Tensor:
    return parameter.view(1, -1, *([1] * (values.dim() - 2)))


def _log_count(x: Tensor, window: Window | None) -> Tensor | float:
    if window is None:
        return math.log(x.shape[2] * x.shape[3])
    ones = torch.ones(1, 1, *x.shape[2:], dtype=x.dtype, device=x.device)
    return (_elements(ones, window) > 0).sum(2).log()


def _textbook(operator: str, log_temperature: Tensor, window: Window | None) -> Pool:
    """Return ``t (log sum exp(z/t) - log n)``, as in the logavgexp package."""

    def pool(x: Tensor) -> Tensor:
        elements, temperature = _elements(x, window), log_temperature.exp()
        sums = torch.logsumexp(elements / _beside(temperature, elements), 2)
        if operator == "lse":
            return sums * _beside(temperature, sums)
        return (sums - _log_count(x, window)) * _beside(temperature, sums)

    return pool


def _softmax_times(log_temperature: Tensor, window: Window | None) -> Pool:
    def pool(x: Tensor) -> Tensor:
        elements = _elements(x, window)
        weights = (elements / _beside(log_temperature.exp(), elements)).softmax(2)
        return (weights * elements).sum(2)

    return pool


def _max_and_mean(share: Tensor, window: Window | None) -> Pool:
    def pool(x: Tensor) -> Tensor:
        peak, mean = _max(x, window), _mean(window)(x)
        blend = _beside(share, peak)
        return blend * peak + (1 - blend) * mean

    return pool


def _gated(weight: Tensor, window: Window | None) -> Pool:
    def pool(x: Tensor) -> Tensor:
        if window is None:
            products = (x * weight).sum((2, 3))
        else:
            kernel = weight.unsqueeze(1).expand(x.shape[1], 1, -1, -1)
            products = F.conv2d(x, kernel, None, window.stride, window.padding, 1, x.shape[1])
        share = products.sigmoid()
        return share * _max(x, window) + (1 - share) * _mean(window)(x)

    return pool


def _max(x: Tensor, window: Window | None) -> Tensor:
    if window is None:
        return x.amax((2, 3))
    return F.max_pool2d(x, window.kernel_size, window.stride, window.padding)


def _mean(window: Window | None) -> Pool:
    if window is None:
        return lambda x: x.mean((2, 3))
    return lambda x: F.avg_pool2d(
        x, window.kernel_size, window.stride, window.padding, count_include_pad=False
    )


def _timm(log_temperature: Tensor) -> Pool:
    from timm.layers.other_pool import LsePlus2d

    temperature = log_temperature.exp().item()
    return LsePlus2d(r=1 / temperature, r_learnable=True).to(log_temperature.device)
