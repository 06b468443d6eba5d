"""Gated max-average pooling."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from poolbench.core.errors import BadInput
from poolbench.operators.base import PoolingOperator, learned_size
from poolbench.operators.functional import gated
from poolbench.operators.window import Window


class Gated(PoolingOperator):
    """Mixture of max and mean with a share that depends on the window.

    ``a max(z) + (1 - a) mean(z)`` with ``a = sigmoid(w . z)``. w starts at 0, so a starts at 0.5.

    Args:
        window: Geometry; ``None`` pools the whole map.
        channels: Channels of the maps; needed when ``learn`` is ``channel``.
        grid: (H, W) of the maps in training, in pixels; needed without a window, because w has
            one weight per position.
        learn: ``layer`` or ``channel``.

    Raises:
        BadInput: The grid or the channels are missing.

    References:
        Lee, Gallagher, Tu 2016 (arXiv:1509.08985).
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,
        grid: tuple[int, int] | None = None,
        learn: str = "layer",
    ) -> None:
        super().__init__(window=window)
        positions = window.kernel_size if window else grid
        if positions is None:
            raise BadInput(
                "a global gated operator needs the size of the maps it is trained on",
                "pass grid=(height, width)",
            )
        self.gate_weight = nn.Parameter(torch.zeros(learned_size(learn, channels), *positions))

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        weight: Tensor = self.gate_weight
        if self.window is None and x.dim() == 4 and 0 not in x.shape[2:]:
            weight = resize_weight(weight, (x.shape[2], x.shape[3]))
        return gated(x, weight, window=self.window)

    def pooling_parameters(self) -> dict[str, Tensor]:
        """Return the gate's weights, ``(1 or C, height, width)``."""
        return {"gate_weight": self.gate_weight.detach().clone()}

    def describe(self) -> dict[str, object]:
        """Return the options that ``repr`` shows."""
        height, width = self.gate_weight.shape[1:]
        return {**super().describe(), "grid": (height, width)}


def resize_weight(weight: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize position weights to another grid, keeping their sum.

    Bilinear interpolation, scaled by the ratio of the areas. The change of the sum at the borders
    is spread evenly: dividing by the new sum instead would blow up if weights of both signs cancel.

    Args:
        weight: ``(1 or C, H, W)``.
        size: The new (H, W), at least 1 each.

    Returns:
        ``(1 or C, *size)`` with the sums of ``weight``; ``weight`` itself at its own size.
    """
    if tuple(weight.shape[1:]) == size:
        return weight
    area = size[0] * size[1]
    with torch.autocast(weight.device.type, enabled=False):
        resized = F.interpolate(weight[None], size=size, mode="bilinear", align_corners=False)[0]
        resized = resized * (weight[0].numel() / area)
        missing = weight.sum((1, 2), keepdim=True) - resized.sum((1, 2), keepdim=True)
        return resized + missing / area
