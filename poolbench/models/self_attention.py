"""Self-attention within a map, with one matrix."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class SelfAttention(nn.Module):
    """``x + gamma (x x') (W x)`` for each image as a C x HW matrix x; gamma starts at 0.

    Args:
        channels: Channels C of the maps; W is C x C, without bias, of spectral norm 1.

    Numerics:
        The product is computed as ``(C, C) (C, HW)``, whose cost is linear in HW.

    References:
        Zhang et al. 2019 (arXiv:1805.08318), with one matrix instead of three.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.values = spectral_norm(nn.Conv1d(channels, channels, 1, bias=False))
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the map with the attention added, ``(N, C, H, W)``."""
        pixels = x.flatten(2)
        attended = pixels @ pixels.mT @ self.values(pixels)
        return x + self.gamma * attended.view_as(x)
