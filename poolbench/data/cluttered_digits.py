"""One digit somewhere among fragments of others, on a noisy canvas: the class, not its position.

The digit that decides the class covers a quarter of the canvas, and the clutter has the same
strokes; so a network has to find the evidence, which is where global pools differ.
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
    """Return 4000 canvases with training digits and 2000 with test digits.

    No digit, or fragment of one, is in both splits. All arithmetic is on integers, so the
    images are bit-identical everywhere.

    Args:
        root: Unused: the digits come with scikit-learn.
        download: Unused.

    Raises:
        EnvironmentFault: The images do not match the catalogue's checksum.
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
        count: Number of canvases.
        random: Source of positions and choices.

    Returns:
        The canvases, uint8 ``(count, 32, 32, 1)``, and the index of the whole digit, ``(count,)``.
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
