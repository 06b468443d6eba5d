"""One layer of convolutions with ReLU, pooled over the whole map: the other shallow network."""

from __future__ import annotations

from torch import nn

from poolbench.core.errors import BadInput
from poolbench.models.api import PoolFactory
from poolbench.models.blocks import initialise_convolutions
from poolbench.models.pooled_classifier import PooledClassifier


def shallow_cnn(
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
    channels: int = 640,
    kernel_size: int = 3,
    padding: int | None = None,
) -> PooledClassifier:
    """Build ``r(W * x)`` with a global pool and a linear layer, without bias.

    Args:
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels; any other works later.
        pool: Fills ``head``.
        channels: Channels of the convolution.
        kernel_size: Side of the kernel, in pixels; odd.
        padding: Zeros on each side, in pixels; ``None`` for as many as keep the size.

    Raises:
        BadInput: The kernel is larger than the padded images.

    References:
        Contraction property of pooling layer, section 3: 640 channels.
    """
    padding = kernel_size // 2 if padding is None else padding
    height, width = (side + 2 * padding - kernel_size + 1 for side in image_size)
    if min(height, width) < 1:
        raise BadInput(
            f"shallow-cnn: a kernel of {kernel_size} does not fit {image_size[0]} x "
            f"{image_size[1]} pixels with padding {padding}",
            "choose a smaller kernel_size or more padding",
        )
    convolution = nn.Conv2d(in_channels, channels, kernel_size, padding=padding, bias=False)
    network = PooledClassifier(
        nn.Sequential(convolution, nn.ReLU(inplace=True)),
        channels=channels,
        grid=(height, width),
        num_classes=num_classes,
        pool=pool,
        bias=False,
    )
    initialise_convolutions(network, mode="fan_in")
    return network
