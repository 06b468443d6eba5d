"""The 50-layer residual network with a stem for small images."""

from __future__ import annotations

from torch import nn

from poolbench.models.api import PoolFactory
from poolbench.models.blocks import (
    ResidualBlock,
    initialise_convolutions,
    normalised_convolution,
    projection,
    strided_size,
)
from poolbench.models.pooled_classifier import PooledClassifier

_STEM_CHANNELS = 64
_STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
_EXPANSION = 4


def resnet50(
    *, in_channels: int, num_classes: int, image_size: tuple[int, int], pool: PoolFactory
) -> PooledClassifier:
    """Build ResNet-50 with a 3x3 stem and no pool after it: 23,520,842 parameters.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any other works later.
        pool: Fills ``head``.

    References:
        He et al. 2016 (arXiv:1512.03385).
    """
    layers: list[nn.Module] = [
        normalised_convolution(in_channels, _STEM_CHANNELS, 3),
        nn.ReLU(inplace=True),
    ]
    channels, grid = _STEM_CHANNELS, image_size
    for width, blocks, first_stride in _STAGES:
        for index in range(blocks):
            stride = first_stride if index == 0 else 1
            layers.append(_bottleneck(channels, width, stride=stride))
            channels, grid = width * _EXPANSION, strided_size(grid, stride)
    network = PooledClassifier(
        nn.Sequential(*layers), channels=channels, grid=grid, num_classes=num_classes, pool=pool
    )
    initialise_convolutions(network)
    return network


def _bottleneck(in_channels: int, width: int, *, stride: int) -> ResidualBlock:
    channels = width * _EXPANSION
    residual = nn.Sequential(
        normalised_convolution(in_channels, width, 1),
        nn.ReLU(inplace=True),
        normalised_convolution(width, width, 3, stride=stride),
        nn.ReLU(inplace=True),
        normalised_convolution(width, channels, 1),
    )
    shortcut = projection(in_channels, channels, stride=stride)
    return ResidualBlock(residual, shortcut, nn.ReLU(inplace=True))
