"""The 32-layer residual network for CIFAR, with shortcuts without parameters."""

from __future__ import annotations

from torch import nn

from poolbench.models.api import PoolFactory
from poolbench.models.blocks import (
    PadChannels,
    ResidualBlock,
    initialise_convolutions,
    normalised_convolution,
    strided_size,
)
from poolbench.models.pooled_classifier import PooledClassifier

_WIDTHS = (16, 32, 64)
_BLOCKS = 5


def resnet32(
    *, in_channels: int, num_classes: int, image_size: tuple[int, int], pool: PoolFactory
) -> PooledClassifier:
    """Build ResNet-32: three stages of five basic blocks, 464,154 parameters.

    At the start of a stage, the shortcut keeps every second pixel and adds channels of zeros.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any other works later.
        pool: Fills ``head``.

    References:
        He et al. 2016 (arXiv:1512.03385), section 4.2.
    """
    layers: list[nn.Module] = [
        normalised_convolution(in_channels, _WIDTHS[0], 3),
        nn.ReLU(inplace=True),
    ]
    channels, grid = _WIDTHS[0], image_size
    for width in _WIDTHS:
        for index in range(_BLOCKS):
            stride = 2 if index == 0 and width != _WIDTHS[0] else 1
            layers.append(_basic_block(channels, width, stride=stride))
            channels, grid = width, strided_size(grid, stride)
    network = PooledClassifier(
        nn.Sequential(*layers), channels=channels, grid=grid, num_classes=num_classes, pool=pool
    )
    initialise_convolutions(network, mode="fan_in")
    return network


def _basic_block(in_channels: int, channels: int, *, stride: int) -> ResidualBlock:
    residual = nn.Sequential(
        normalised_convolution(in_channels, channels, 3, stride=stride),
        nn.ReLU(inplace=True),
        normalised_convolution(channels, channels, 3),
    )
    # A mean over one pixel: the stride without the pool.
    subsampled = nn.Sequential(nn.AvgPool2d(1, stride), PadChannels(channels))
    shortcut = subsampled if stride > 1 else None
    return ResidualBlock(residual, shortcut, nn.ReLU(inplace=True))
