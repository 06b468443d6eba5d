"""The densely connected network with bottlenecks and compression, for CIFAR."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from poolbench.models.api import PoolFactory
from poolbench.models.blocks import convolution, initialise_convolutions
from poolbench.models.pooled_classifier import PooledClassifier

_STAGES = 3
_BOTTLENECK = 4


class DenseLayer(nn.Module):
    """Append the channels of a bottleneck to its input map.

    Args:
        in_channels: Channels of the map.
        growth: Channels added.
    """

    def __init__(self, in_channels: int, *, growth: int) -> None:
        super().__init__()
        width = _BOTTLENECK * growth
        self.bottleneck = nn.Sequential(
            *_preactivated(in_channels, width, 1), *_preactivated(width, growth, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the widened map, ``(N, in_channels + growth, H, W)``."""
        return torch.cat([x, self.bottleneck(x)], dim=1)


def densenet(
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
    depth: int = 150,
    growth: int = 12,
) -> PooledClassifier:
    """Build DenseNet-BC: three stages, halved in channels and in size between them.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any other of at least 4 works later.
        pool: Fills ``head``.
        depth: At least 10; there are (depth - 4) // 6 bottlenecks per stage.
        growth: Channels that each bottleneck adds, at least 1.

    References:
        Huang et al. 2017 (arXiv:1608.06993).
    """
    channels, (height, width) = 2 * growth, image_size
    layers: list[nn.Module] = [convolution(in_channels, channels, 3)]
    for stage in range(_STAGES):
        if stage > 0:
            layers += [*_preactivated(channels, channels // 2, 1), nn.AvgPool2d(2)]
            channels, height, width = channels // 2, height // 2, width // 2
        for _ in range((depth - 4) // 6):
            layers.append(DenseLayer(channels, growth=growth))
            channels += growth
    layers += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
    network = PooledClassifier(
        nn.Sequential(*layers),
        channels=channels,
        grid=(height, width),
        num_classes=num_classes,
        pool=pool,
    )
    initialise_convolutions(network)
    return network


def _preactivated(in_channels: int, channels: int, kernel_size: int) -> list[nn.Module]:
    return [
        nn.BatchNorm2d(in_channels),
        nn.ReLU(inplace=True),
        convolution(in_channels, channels, kernel_size),
    ]
