"""Building blocks of several residual and dense networks."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """``activation(residual(x) + shortcut(x))``.

    Args:
        residual: The branch with the convolutions.
        shortcut: The other branch, with the same output shape; by default the identity.
        activation: Activation at the end of the block; by default none.
    """

    def __init__(
        self,
        residual: nn.Module,
        shortcut: nn.Module | None = None,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.shortcut = shortcut or nn.Identity()
        self.activation = activation or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's map."""
        return self.activation(self.residual(x) + self.shortcut(x))


class PadChannels(nn.Module):
    """Append channels of zeros to the map, for a shortcut without parameters.

    Args:
        channels: Channels of the result, at least those of the map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """Return the widened map, ``(N, channels, H, W)``."""
        return F.pad(x, (0, 0, 0, 0, 0, self.channels - x.shape[1]))


def convolution(in_channels: int, channels: int, kernel_size: int, *, stride: int = 1) -> nn.Conv2d:
    """Return a convolution without bias that keeps the size at stride 1; the kernel is odd."""
    return nn.Conv2d(
        in_channels, channels, kernel_size, stride=stride, padding=kernel_size // 2, bias=False
    )


def normalised_convolution(
    in_channels: int, channels: int, kernel_size: int, *, stride: int = 1
) -> nn.Sequential:
    """Return :func:`convolution` followed by batch normalisation."""
    return nn.Sequential(
        convolution(in_channels, channels, kernel_size, stride=stride), nn.BatchNorm2d(channels)
    )


def projection(in_channels: int, channels: int, *, stride: int) -> nn.Module:
    """Return a shortcut: a 1x1 convolution with batch norm if shapes differ, else the identity."""
    if stride == 1 and in_channels == channels:
        return nn.Identity()
    return normalised_convolution(in_channels, channels, 1, stride=stride)


def strided_size(grid: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return (H, W) after a strided convolution or a pool with ``ceil_mode``: rounded up."""
    return -(-grid[0] // stride), -(-grid[1] // stride)


def initialise_convolutions(
    network: nn.Module, *, mode: Literal["fan_in", "fan_out"] = "fan_out"
) -> None:
    """Initialise every convolution's weights as He et al. 2015 for ReLU: variance 2 / fan."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
