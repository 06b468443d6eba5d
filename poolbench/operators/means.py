"""Means of windows, finite wherever the mean itself is."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.recording import is_readable
from poolbench.operators.window import Window


def mean_of(x: Tensor, window: Window | None) -> Tensor:
    """Return the mean of each window, ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        window: Geometry; ``None`` for whole maps.

    Numerics: torch's own. A sum that overflows is taken again of elements scaled by a power of two,
    as is every sum whose result cannot be looked at: that changes none of the other bits.
    """
    if is_readable(x):
        pooled = _mean(x, window)
        if pooled.detach().sum().isfinite():
            return pooled
    elements = x.shape[2] * x.shape[3]
    if window is not None:
        elements = window.kernel_size[0] * window.kernel_size[1]
    scale = 2.0 ** (elements - 1).bit_length()
    return _mean(x / scale, window) * scale


def _mean(x: Tensor, window: Window | None) -> Tensor:
    if window is None:
        return x.mean((2, 3))
    if x.shape[1] == 0:  # which avg_pool2d refuses
        return x.sum().expand(x.shape[0], 0, *window.output_size((x.shape[2], x.shape[3])))
    return F.avg_pool2d(
        x, window.kernel_size, window.stride, window.padding,
        ceil_mode=window.ceil_mode, count_include_pad=False,
    )  # fmt: skip
