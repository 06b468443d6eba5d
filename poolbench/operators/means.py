"""Means of windows, finite wherever the mean itself is."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.layout import pool_by_torch
from poolbench.operators.recording import is_finite, is_readable
from poolbench.operators.window import Window


def mean_of(x: Tensor, window: Window | None) -> Tensor:
    """Return the mean of each window, ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        window: Geometry; ``None`` for whole maps.

    Numerics: torch's own. A sum that overflows is taken again of elements scaled by a power of two,
    as is every sum whose result cannot be looked at: that changes none of the other bits.
    """
    if x.dtype == torch.float16:  # whose sums are in float32, and whose digits end soon
        return _mean(x, window)
    if is_readable(x):
        pooled = _mean(x, window)
        if is_finite(pooled):
            return pooled
    elements = x.shape[2] * x.shape[3]
    if window is not None:
        elements = window.kernel_size[0] * window.kernel_size[1]
    scale = 2.0 ** (elements - 1).bit_length()
    return _mean(x / scale, window) * scale


def _mean(x: Tensor, window: Window | None) -> Tensor:
    if window is None:
        return x.mean((2, 3))
    pool = partial(
        F.avg_pool2d, kernel_size=window.kernel_size, stride=window.stride,
        padding=window.padding, ceil_mode=window.ceil_mode, count_include_pad=False,
    )  # fmt: skip
    return pool_by_torch(pool, x)
