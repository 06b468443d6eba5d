"""Deep layer aggregation for CIFAR."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from poolbench.models.api import PoolFactory
from poolbench.models.blocks import (
    ResidualBlock,
    initialise_convolutions,
    normalised_convolution,
    projection,
    strided_size,
)
from poolbench.models.pooled_classifier import PooledClassifier

_STEM_WIDTHS = (16, 16, 32)
_TREES = ((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 1, 2))


class AggregationTree(nn.Module):
    """Two basic blocks whose maps, with those of lower levels, are joined by a 1x1 convolution.

    Args:
        in_channels: Channels of the input map.
        channels: Channels of every map in the tree.
        level: 1 joins the two blocks; each further level runs a whole tree before them, and also
            joins its map and that of a parallel block.
        stride: Stride of the layers that read the input map.
    """

    def __init__(self, in_channels: int, channels: int, *, level: int, stride: int) -> None:
        super().__init__()
        self.beside: nn.Module | None = None
        self.below: nn.Module | None = None
        joined = 2 * channels
        if level > 1:
            self.beside = _basic_block(in_channels, channels, stride=stride)
            self.below = AggregationTree(in_channels, channels, level=level - 1, stride=stride)
            joined, in_channels, stride = 4 * channels, channels, 1
        self.left = _basic_block(in_channels, channels, stride=stride)
        self.right = _basic_block(channels, channels, stride=1)
        self.root = nn.Sequential(
            normalised_convolution(joined, channels, 1), nn.ReLU(inplace=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the joined map, ``(N, channels, H / stride, W / stride)``."""
        maps: list[Tensor] = []
        if self.beside is not None and self.below is not None:
            lower = self.below(x)
            maps, x = [self.beside(x), lower], lower
        left = self.left(x)
        return self.root(torch.cat([*maps, left, self.right(left)], dim=1))


def dla(
    *, in_channels: int, num_classes: int, image_size: tuple[int, int], pool: PoolFactory
) -> PooledClassifier:
    """Build the DLA-34-like network for CIFAR: 16,291,386 parameters.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any other works later.
        pool: Fills ``head``.

    References:
        Yu et al. 2018 (arXiv:1707.06484).
    """
    layers: list[nn.Module] = []
    channels, grid = in_channels, image_size
    for width in _STEM_WIDTHS:
        layers += [normalised_convolution(channels, width, 3), nn.ReLU(inplace=True)]
        channels = width
    for width, level, stride in _TREES:
        layers.append(AggregationTree(channels, width, level=level, stride=stride))
        channels, grid = width, strided_size(grid, stride)
    network = PooledClassifier(
        nn.Sequential(*layers), channels=channels, grid=grid, num_classes=num_classes, pool=pool
    )
    initialise_convolutions(network)
    return network


def _basic_block(in_channels: int, channels: int, *, stride: int) -> ResidualBlock:
    residual = nn.Sequential(
        normalised_convolution(in_channels, channels, 3, stride=stride),
        nn.ReLU(inplace=True),
        normalised_convolution(channels, channels, 3),
    )
    shortcut = projection(in_channels, channels, stride=stride)
    return ResidualBlock(residual, shortcut, nn.ReLU(inplace=True))
