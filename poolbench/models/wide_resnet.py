"""The wide residual network of the LogAvgExp experiments."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from poolbench.models.api import PoolFactory
from poolbench.models.blocks import (
    convolution,
    initialise_convolutions,
    projection,
    strided_size,
)

_STEM_CHANNELS = 16
_SE_RATIO = 16


class SqueezeExcitation(nn.Module):
    """Scale each channel by the output of a small network on the pooled map (Hu et al. 2018).

    Args:
        channels: Channels of the map.
        grid: (H, W) of the map for training images, in pixels.
        pool: Fills the site ``se``.
    """

    def __init__(self, channels: int, *, grid: tuple[int, int], pool: PoolFactory) -> None:
        super().__init__()
        squeezed = max(1, channels // _SE_RATIO)
        self.squeeze = pool("se", channels=channels, grid=grid)
        self.excite = nn.Sequential(
            nn.Linear(channels, squeezed), nn.ReLU(), nn.Linear(squeezed, channels), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scaled map, ``(N, C, H, W)``."""
        return x * self.excite(self.squeeze(x))[:, :, None, None]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; PReLU with one weight ends the block."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int,
        grid: tuple[int, int],
        pool: PoolFactory,
        se: bool,
    ) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            convolution(in_channels, channels, 3, stride=stride),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            convolution(channels, channels, 3),
            nn.BatchNorm2d(channels),
        )
        self.excitation = SqueezeExcitation(channels, grid=grid, pool=pool) if se else nn.Identity()
        self.shortcut = projection(in_channels, channels, stride=stride)
        self.activation = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's map, ``(N, channels, H / stride, W / stride)``."""
        return self.activation(self.excitation(self.residual(x)) + self.shortcut(x))


class WideResNet(nn.Module):
    """WRN-depth-width with three stages and a global pooling head.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any size of at least 4 works later.
        pool: Fills ``head`` and, with ``se``, the ``se`` site of every block.
        depth: At least 8; there are (depth - 2) // 6 blocks per stage.
        width: At least 1; stages have 16, 32 and 64 times as many channels.
        se: Whether squeeze-and-excitation precedes each block's sum.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_classes: int,
        image_size: tuple[int, int],
        pool: PoolFactory,
        depth: int = 18,
        width: int = 6,
        se: bool = False,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            convolution(in_channels, _STEM_CHANNELS, 3),
            nn.BatchNorm2d(_STEM_CHANNELS),
            nn.ReLU(inplace=True),
        )
        blocks: list[nn.Module] = []
        channels, grid = _STEM_CHANNELS, image_size
        for stage in range(3):
            out_channels = _STEM_CHANNELS * width * 2**stage
            for index in range((depth - 2) // 6):
                stride = 2 if stage > 0 and index == 0 else 1
                grid = strided_size(grid, stride)
                blocks.append(
                    BasicBlock(
                        channels,
                        out_channels,
                        stride=stride,
                        grid=grid,
                        pool=pool,
                        se=se,
                    )
                )
                channels = out_channels
        self.stages = nn.Sequential(*blocks)
        self.head = pool("head", channels=channels, grid=grid)
        self.classifier = nn.Linear(channels, num_classes)
        initialise_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(N, num_classes)`` for normalised images ``(N, C, H, W)``."""
        return self.classifier(torch.flatten(self.head(self.stages(self.stem(x))), 1))
