"""Images of noise without any pattern: what a network does with them is its own doing."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from poolbench.data.arrays import Arrays
from poolbench.data.stable_random import StableRandom

MEAN_LEVEL, STD_LEVELS = 128, 40
_LEVELS = 256
_WORD = 1 << 32
_IMAGES_AT_ONCE = 64


def read_gaussian(
    *,
    size_px: int,
    channels: int,
    num_classes: int,
    train_images: int,
    test_images: int,
    root: Path | None = None,
    download: bool = False,
) -> Arrays:
    """Return images whose values are independent, and labels that have nothing to do with them.

    A value is ``128 + 40 z`` with z ~ N(0, 1), rounded and clipped to 0..255; so z is kept to
    1/80 and between -3.2 and 3.2, which one value in 730 would leave. Subtracting the mean and
    dividing by the standard deviation, as every network does first, gives back z.

    Args:
        size_px: Height and width, at least 1.
        channels: At least 1.
        num_classes: Each label is as likely.
        train_images: At least 1.
        test_images: At least 1.
        root: Not needed: the images are drawn.
        download: Not needed.
    """
    del root, download
    shape = (size_px, size_px, channels)
    train, test = StableRandom("gaussian", "train"), StableRandom("gaussian", "test")
    return Arrays(
        train_images=draw_normal(train_images, shape, train),
        train_labels=train.integers(num_classes, train_images),
        test_images=draw_normal(test_images, shape, test),
        test_labels=test.integers(num_classes, test_images),
        classes=tuple(str(number) for number in range(num_classes)),
    )


def draw_normal(count: int, shape: tuple[int, int, int], random: StableRandom) -> NDArray[np.uint8]:
    """Draw images of independent normal values.

    Args:
        count: How many.
        shape: ``(H, W, C)`` of one.
        random: One word of it goes into each value.

    Returns:
        uint8 ``(count, H, W, C)``.

    Numerics: The inverse of the distribution function, as a table of where in 2^32 each level
    begins: all that depends on the platform is the table, and no rounding there is near a tie.
    """
    normal = NormalDist(MEAN_LEVEL, STD_LEVELS)
    begins = [round(_WORD * normal.cdf(level - 0.5)) for level in range(1, _LEVELS)]
    images = np.empty((count, *shape), np.uint8)
    for start in range(0, count, _IMAGES_AT_ONCE):
        some = images[start : start + _IMAGES_AT_ONCE]
        some[...] = np.searchsorted(begins, random.integers(_WORD, *some.shape), side="right")
    return images
