"""Images of pure noise, to measure what a network does by itself."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from poolbench.core.named import Named
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
    """Return images of independent values, with labels independent of them.

    A value is ``128 + 40 z`` with z ~ N(0, 1), rounded and clipped to 0..255; so z is kept to
    within 1/80, and clipped to -3.2..3.2, which affects one value in 730. Subtracting the mean and
    dividing by the standard deviation, as every network does first, gives back z.

    Args:
        size_px: Height and width in pixels, at least 1.
        channels: Number of channels, at least 1.
        num_classes: Number of equally likely labels.
        train_images: Number of training images, at least 1.
        test_images: Number of test images, at least 1.
        root: Unused: the images are generated.
        download: Unused.
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


def count_images(source: Named) -> tuple[int, int]:
    """Return the number of training and of test images that the options ask for."""
    return int(source.options["train_images"]), int(source.options["test_images"])


def draw_normal(count: int, shape: tuple[int, int, int], random: StableRandom) -> NDArray[np.uint8]:
    """Draw images of independent normal values.

    Args:
        count: Number of images.
        shape: ``(H, W, C)`` of an image.
        random: Source of randomness: one raw word per value.

    Returns:
        uint8 ``(count, H, W, C)``.

    Numerics: Inverse transform sampling by a table of where in 2^32 each level begins: only the
    table depends on the platform, and no rounding in it is near a tie.
    """
    normal = NormalDist(MEAN_LEVEL, STD_LEVELS)
    begins = [round(_WORD * normal.cdf(level - 0.5)) for level in range(1, _LEVELS)]
    images = np.empty((count, *shape), np.uint8)
    for start in range(0, count, _IMAGES_AT_ONCE):
        some = images[start : start + _IMAGES_AT_ONCE]
        some[...] = np.searchsorted(begins, random.integers(_WORD, *some.shape), side="right")
    return images
