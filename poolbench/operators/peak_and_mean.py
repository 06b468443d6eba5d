"""Maximum and mean of whole maps in one backward pass, for ``mixed`` and ``gated``."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.layout import layout_of
from poolbench.operators.means import mean_of


class PeakAndMean(torch.autograd.Function):
    """Maximum and mean of each map.

    Backward spreads the mean's gradient, then writes the maximum's at the first of the largest
    elements: one pass, nothing added atomically, derivatives of any order. Only the index
    of that element is kept, not the maps.

    Args:
        x: Maps, ``(N, C, H, W)``.

    Returns:
        Maximum and mean, ``(N, C)`` in the dtype of x, and the index of the maximum in the map,
        row by row.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the maximum, the mean and the argmax."""
        peak, argmax = F.adaptive_max_pool2d_with_indices(x, 1)
        return peak.flatten(1), mean_of(x, None), argmax.flatten(1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: tuple[Tensor, ...]) -> None:
        """Save the argmax, and the shape and layout of the maps."""
        (x,) = inputs
        ctx.mark_non_differentiable(output[2])
        ctx.save_for_backward(output[2])
        ctx.size = x.shape[2:]
        ctx.is_pixelwise = layout_of(x) == torch.channels_last

    @staticmethod
    def backward(ctx: Any, to_peak: Tensor, to_mean: Tensor, _: Tensor) -> Tensor:
        """Return the gradient of x in the layout of x."""
        (argmax,) = ctx.saved_tensors
        height, width = ctx.size
        share = to_mean / (height * width)
        pixels = 1 if ctx.is_pixelwise else 2
        everywhere = share.unsqueeze(pixels).expand(
            *share.shape[:pixels], height * width, *share.shape[pixels:]
        )
        gradient = everywhere.scatter(
            pixels, argmax.unsqueeze(pixels), (to_peak + share).unsqueeze(pixels)
        )
        if ctx.is_pixelwise:
            gradient = gradient.transpose(1, 2)
        return gradient.unflatten(2, (height, width))
