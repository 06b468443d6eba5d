"""One layer of convolutions with ReLU, pooled over the whole map: the other shallow network."""

from __future__ import annotations

from torch import nn

from poolbench.models.api import PoolFactory
from poolbench.models.blocks import convolution, initialise_convolutions
from poolbench.models.pooled_classifier import PooledClassifier


def shallow_cnn(
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
    channels: int = 640,
    kernel_size: int = 3,
) -> PooledClassifier:
    """Build ``r(W * x)`` with a global pool and a linear layer, without bias.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any other works later.
        pool: Fills ``head``.
        channels: Channels of the convolution.
        kernel_size: Side of the kernel, in pixels; odd.

    References:
        Contraction property of pooling layer, section 3: 640 channels.
    """
    network = PooledClassifier(
        nn.Sequential(convolution(in_channels, channels, kernel_size), nn.ReLU(inplace=True)),
        channels=channels,
        grid=image_size,
        num_classes=num_classes,
        pool=pool,
        bias=False,
    )
    initialise_convolutions(network, mode="fan_in")
    return network
