"""One digit somewhere among fragments of others, on a noisy canvas: where it is does not matter.

What tells the class covers a quarter of the canvas, and the clutter is made of the same strokes;
so a network has to find the evidence, which is what separates one global pool from another.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poolbench.data import DATASETS
from poolbench.data.arrays import Arrays
from poolbench.data.digits import CLASSES, read_digits
from poolbench.data.stable_random import StableRandom

TRAIN_IMAGES, TEST_IMAGES = 4000, 2000
CANVAS_PX, DIGIT_PX, FRAGMENT_PX = 32, 16, 6
FRAGMENTS = 6
NOISE_LEVELS = 64


def read_cluttered_digits(*, root: Path | None = None, download: bool = False) -> Arrays:
    """Return 4000 canvases made of the training digits and 2000 made of the test digits.

    No digit, nor fragment of one, is in both splits. All arithmetic is on integers, so the
    images are the same bits everywhere.

    Args:
        root: Not needed: the digits come with scikit-learn.
        download: Not needed.

    Raises:
        EnvironmentFault: The images are not those of the catalogue's checksum.
    """
    digits = read_digits(root=root, download=download)
    train, train_sources = scatter(
        digits.train_images, TRAIN_IMAGES, StableRandom("cluttered-digits", "train")
    )
    test, test_sources = scatter(
        digits.test_images, TEST_IMAGES, StableRandom("cluttered-digits", "test")
    )
    return Arrays(
        train_images=train,
        train_labels=digits.train_labels[train_sources],
        test_images=test,
        test_labels=digits.test_labels[test_sources],
        classes=CLASSES,
    ).verified(DATASETS["cluttered-digits"].checksum, "cluttered-digits")


def scatter(
    digits: NDArray[np.uint8], count: int, random: StableRandom
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Paste digits and fragments of digits on noisy canvases.

    Args:
        digits: uint8 ``(N, 8, 8, 1)``; nothing else is pasted.
        count: Canvases to make.
        random: Where, and which.

    Returns:
        The canvases, uint8 ``(count, 32, 32, 1)``, and which digit is whole on each, ``(count,)``.
    """
    enlarged = digits[..., 0].repeat(2, axis=1).repeat(2, axis=2)
    canvas = random.integers(NOISE_LEVELS, count, CANVAS_PX, CANVAS_PX).astype(np.uint8)
    for _ in range(FRAGMENTS):
        torn = enlarged[random.integers(len(digits), count)]
        corner = random.integers(DIGIT_PX - FRAGMENT_PX + 1, 2, count)
        fragments = torn[_window(corner, FRAGMENT_PX)]
        _paste(canvas, fragments, random.integers(CANVAS_PX - FRAGMENT_PX + 1, 2, count))
    sources = random.integers(len(digits), count)
    _paste(canvas, enlarged[sources], random.integers(CANVAS_PX - DIGIT_PX + 1, 2, count))
    return canvas[..., None], sources


def _paste(
    canvas: NDArray[np.uint8], patches: NDArray[np.uint8], corner: NDArray[np.int64]
) -> None:
    where = _window(corner, patches.shape[-1])
    canvas[where] = np.maximum(canvas[where], patches)


def _window(
    corner: NDArray[np.int64], size_px: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    offset = np.arange(size_px)
    image = np.arange(corner.shape[1])[:, None, None]
    return image, corner[0][:, None, None] + offset[:, None], corner[1][:, None, None] + offset
