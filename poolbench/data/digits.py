"""Scikit-learn's handwritten digits: 1797 images of 8 x 8 pixels, in every installation."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poolbench.core.errors import EnvironmentFault
from poolbench.data import DATASETS
from poolbench.data.arrays import Arrays
from poolbench.data.stable_random import StableRandom

TEST_IMAGES = 500
CLASSES = tuple(str(digit) for digit in range(10))
_LEVELS = 16


def read_digits(*, root: Path | None = None, download: bool = False) -> Arrays:  # noqa: ARG001
    """Return the digits: 1297 for training, 500 for testing, in a fixed random split.

    Grey levels 0..16 become ``round(255 level / 16)``.

    Args:
        root: Unused: the images come with scikit-learn.
        download: Unused.

    Raises:
        EnvironmentFault: Scikit-learn is missing, or its images do not match the catalogue's
            checksum.

    References:
        Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits (UCI).
    """
    table = _table()
    levels, labels = table[:, :64].reshape(-1, 8, 8, 1), table[:, 64]
    pixels = ((levels * 255 + _LEVELS // 2) // _LEVELS).astype(np.uint8)
    order = StableRandom("digits", "split").permutation(len(pixels))
    test, train = np.sort(order[:TEST_IMAGES]), np.sort(order[TEST_IMAGES:])
    return Arrays(
        train_images=pixels[train],
        train_labels=labels[train],
        test_images=pixels[test],
        test_labels=labels[test],
        classes=CLASSES,
    ).verified(DATASETS["digits"].checksum, "digits")


def _table() -> NDArray[np.int64]:
    """Return scikit-learn's table: 64 grey levels and the digit in each row.

    Read from its file: importing scikit-learn takes as long as importing torch.
    """
    package = importlib.util.find_spec("sklearn")
    folder = Path(package.origin).parent if package is not None and package.origin else Path()
    path = folder / "datasets" / "data" / "digits.csv.gz"
    try:
        with gzip.open(path, "rt") as file:
            return np.loadtxt(file, delimiter=",", dtype=np.int64)
    except OSError as error:
        raise EnvironmentFault(
            f"scikit-learn's digits cannot be read: {error}", "install it: pip install scikit-learn"
        ) from error
