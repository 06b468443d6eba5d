"""Scikit-learn's handwritten digits: 1797 images of 8 x 8 pixels, in every installation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from poolbench.data import DATASETS
from poolbench.data.arrays import Arrays
from poolbench.data.stable_random import StableRandom

TEST_IMAGES = 500
CLASSES = tuple(str(digit) for digit in range(10))
_LEVELS = 16


def read_digits(*, root: Path | None = None, download: bool = False) -> Arrays:  # noqa: ARG001
    """Return the digits: 1297 to learn from, 500 to test with, split at random once for all.

    Grey levels 0..16 become ``round(255 level / 16)``.

    Args:
        root: Not needed: the images come with scikit-learn.
        download: Not needed.

    Raises:
        EnvironmentFault: Scikit-learn ships other images than the catalogue's checksum states.

    References:
        Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits (UCI).
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    levels = images.astype(np.int64).reshape(-1, 8, 8, 1)
    pixels = ((levels * 255 + _LEVELS // 2) // _LEVELS).astype(np.uint8)
    order = StableRandom("digits", "split").permutation(len(pixels))
    test, train = np.sort(order[:TEST_IMAGES]), np.sort(order[TEST_IMAGES:])
    return Arrays(
        train_images=pixels[train],
        train_labels=labels[train].astype(np.int64),
        test_images=pixels[test],
        test_labels=labels[test].astype(np.int64),
        classes=CLASSES,
    ).verified(DATASETS["digits"].checksum, "digits")
