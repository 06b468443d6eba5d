"""The LeNet variants of the max-pooling experiments."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from poolbench.models.api import PoolFactory

_HIDDEN = 200


def _lenet(
    convolutions: Sequence[tuple[int, int]],
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
    pool: PoolFactory,
) -> nn.Sequential:
    """Build ``(width, kernel size)`` convolutions, each with ReLU, pool(3,2,1), and a classifier.

    Convolutions have no padding, so the classifier fits only one image size.
    """
    layers: list[nn.Module] = []
    channels, (height, width) = in_channels, image_size
    for index, (out_channels, kernel_size) in enumerate(convolutions, start=1):
        height, width = height - kernel_size + 1, width - kernel_size + 1
        site = f"pool{index}"
        stride = 2 if pool.is_strided(site) else 1
        layers += [nn.Conv2d(channels, out_channels, kernel_size, stride=stride), nn.ReLU()]
        if stride == 1:
            layers.append(
                pool(
                    site,
                    channels=out_channels,
                    grid=(height, width),
                    kernel_size=3,
                    stride=2,
                    padding=1,
                )
            )
        channels, height, width = out_channels, (height + 1) // 2, (width + 1) // 2
    layers += [
        nn.Flatten(),
        nn.Linear(channels * height * width, _HIDDEN),
        nn.ReLU(),
        nn.Linear(_HIDDEN, num_classes),
    ]
    return nn.Sequential(*layers)


def lenet_mnist(
    *, in_channels: int, num_classes: int, image_size: tuple[int, int], pool: PoolFactory
) -> nn.Sequential:
    """Build the LeNet of the MNIST experiment: 259,106 parameters with max pooling.

    Args:
        in_channels: 1 as published.
        num_classes: 10 as published.
        image_size: (28, 28) as published; other sizes change the classifier.
        pool: Fills ``pool1`` and ``pool2``.
    """
    return _lenet(
        [(32, 5), (64, 5)],
        in_channels=in_channels,
        num_classes=num_classes,
        image_size=image_size,
        pool=pool,
    )


def lenet_cifar(
    *, in_channels: int, num_classes: int, image_size: tuple[int, int], pool: PoolFactory
) -> nn.Sequential:
    """Build the LeNet of the CIFAR-10 experiment: 232,162 parameters with max pooling.

    Args:
        in_channels: 3 as published.
        num_classes: 10 as published.
        image_size: (32, 32) as published; other sizes change the classifier.
        pool: Fills ``pool1``, ``pool2`` and ``pool3``.
    """
    return _lenet(
        [(32, 5), (64, 5), (128, 3)],
        in_channels=in_channels,
        num_classes=num_classes,
        image_size=image_size,
        pool=pool,
    )
