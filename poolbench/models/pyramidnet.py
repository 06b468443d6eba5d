"""The pyramidal residual network, slightly wider with every block, with ShakeDrop."""

from __future__ import annotations

from torch import nn

from poolbench.models.api import PoolFactory
from poolbench.models.blocks import (
    PadChannels,
    ResidualBlock,
    convolution,
    initialise_convolutions,
    normalised_convolution,
    strided_size,
)
from poolbench.models.pooled_classifier import PooledClassifier
from poolbench.models.shake_drop import ShakeDrop

_STAGES = 3
_STEM_CHANNELS = 16
_LAST_SURVIVAL = 0.5


def pyramidnet(
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
    depth: int = 110,
    alpha: int = 200,
) -> PooledClassifier:
    """Build PyramidNet with basic blocks: 16,566,290 parameters at depth 110, alpha 200.

    Block k of K has ``round(16 + alpha k / K)`` channels and survives ShakeDrop with probability
    ``1 - k / (2 K)``.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any other works later.
        pool: Fills ``head``.
        depth: At least 8; there are (depth - 2) // 6 blocks per stage.
        alpha: Channels added from the first block to the last, at least 0.

    References:
        Han, Kim, Kim 2017 (arXiv:1610.02915); Yamada et al. 2019 (arXiv:1802.02375).
    """
    in_stage = (depth - 2) // 6
    blocks = _STAGES * in_stage
    layers: list[nn.Module] = [normalised_convolution(in_channels, _STEM_CHANNELS, 3)]
    channels, grid = _STEM_CHANNELS, image_size
    for index in range(1, blocks + 1):
        begins_stage = (index - 1) % in_stage == 0
        stride = 2 if begins_stage and index > 1 else 1
        width = round(_STEM_CHANNELS + alpha * index / blocks)
        survival = 1 - (1 - _LAST_SURVIVAL) * index / blocks
        layers.append(_basic_block(channels, width, stride=stride, survival=survival))
        channels, grid = width, strided_size(grid, stride)
    layers += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
    network = PooledClassifier(
        nn.Sequential(*layers), channels=channels, grid=grid, num_classes=num_classes, pool=pool
    )
    initialise_convolutions(network)
    return network


def _basic_block(in_channels: int, channels: int, *, stride: int, survival: float) -> ResidualBlock:
    residual = nn.Sequential(
        nn.BatchNorm2d(in_channels),
        normalised_convolution(in_channels, channels, 3, stride=stride),
        nn.ReLU(inplace=True),
        convolution(channels, channels, 3),
        nn.BatchNorm2d(channels),
        ShakeDrop(survival),
    )
    shortcut: list[nn.Module] = [PadChannels(channels)]
    if stride > 1:
        # The last window may extend beyond the edge, as the strided convolution's on odd sizes.
        shortcut.insert(0, nn.AvgPool2d(stride, ceil_mode=True))
    return ResidualBlock(residual, nn.Sequential(*shortcut))
