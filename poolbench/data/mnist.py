"""MNIST, read directly from its published files."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poolbench.core.errors import EnvironmentFault
from poolbench.data.arrays import Arrays
from poolbench.data.digits import CLASSES
from poolbench.data.official import MNIST, MNIST_UNPACKED, files_root, require

_UNSIGNED_BYTE = 8


def read_mnist(*, root: Path | None = None, download: bool = False) -> Arrays:
    """Return the 60000 training and 10000 test images, 28 x 28 x 1.

    Args:
        root: Contains ``MNIST/raw`` with the four ``.gz`` files, or those files unpacked.
        download: Whether they may be downloaded if missing.

    Raises:
        EnvironmentFault: Files are missing or damaged.

    References:
        LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document
        recognition.
    """
    base = files_root(root)
    packed = bool(MNIST_UNPACKED.missing(base)) or not MNIST.missing(base)
    files = MNIST if packed else MNIST_UNPACKED
    require(files, base, download=download, fetch=_fetch)
    train_images, train_labels, test_images, test_labels = (
        read_idx(base / files.folder / name) for name in files.md5
    )
    return Arrays(
        train_images=train_images[..., None],
        train_labels=train_labels.astype(np.int64),
        test_images=test_images[..., None],
        test_labels=test_labels.astype(np.int64),
        classes=CLASSES,
    )


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the array of bytes in an IDX file, decompressed if its name ends in ``.gz``.

    An IDX file is two zero bytes, the element type, the number of axes, the length of each axis
    as a big-endian 32-bit integer, and the elements.

    Raises:
        EnvironmentFault: The file is not an IDX file of bytes.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        kind, axes = int.from_bytes(data[:3]), data[3]
        shape = tuple(np.frombuffer(data, ">u4", count=axes, offset=4).tolist())
        elements = np.frombuffer(data, np.uint8, offset=4 + 4 * axes)
        if kind != _UNSIGNED_BYTE:
            raise ValueError(f"its elements are of type {kind:#x}, not unsigned bytes")
        return elements.reshape(shape)
    except (OSError, EOFError, zlib.error, ValueError, IndexError) as error:
        raise EnvironmentFault(
            f"{path} is not an IDX file of bytes: {error}",
            "delete it, then copy it again or add --download",
        ) from error


def _fetch(root: Path) -> None:
    from torchvision import datasets

    with redirect_stdout(sys.stderr):  # only results go to stdout
        datasets.MNIST(str(root), download=True)
