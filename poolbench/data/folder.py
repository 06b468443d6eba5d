"""The user's own pictures, one folder per class, all resized to one size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from poolbench.core.cell import Named
from poolbench.core.errors import EnvironmentFault
from poolbench.data.arrays import Arrays
from poolbench.data.folder_files import FolderFiles, find_pictures

_EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})


def read_folder(
    *, path: str, size_px: int, root: Path | None = None, download: bool = False
) -> Arrays:
    """Return the pictures as ``size_px`` x ``size_px`` x 3.

    The shorter side is resized to ``size_px`` (antialiased bilinear), then the centre is cropped.

    Args:
        path: The folder, relative to ``root`` if it is not absolute.
        size_px: Side of the square images, at least 1.
        root: The data root.
        download: Ignored: the pictures are the user's own.

    Raises:
        EnvironmentFault: A folder is missing or empty, or a picture cannot be read.
    """
    del download
    files = find_pictures(Named(name="folder", options={"path": path}), root)
    return decode_pictures(files, size_px)


def decode_pictures(files: FolderFiles, size_px: int) -> Arrays:
    """Return pictures as ``size_px`` x ``size_px`` x 3, with their class folders as classes.

    Raises:
        EnvironmentFault: A picture cannot be read.
    """
    train_images, train_labels = _decode(files.train, size_px)
    test_images, test_labels = _decode(files.test, size_px)
    return Arrays(
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        classes=files.classes,
    )


def read_picture(path: Path, size_px: int) -> NDArray[np.uint8]:
    """Return one picture, uint8 ``(size_px, size_px, 3)``.

    Raises:
        EnvironmentFault: The file is not a valid picture with 8 bits per channel.
    """
    try:
        with Image.open(path) as picture:
            if picture.mode not in _EIGHT_BIT_MODES:
                raise ValueError(f"mode {picture.mode} has more than 8 bits per channel")
            # Transparent palette colours are only converted correctly by way of RGBA.
            transparent = "transparency" in picture.info
            colour = (picture.convert("RGBA") if transparent else picture).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise EnvironmentFault(
            f"cannot read the picture {path}: {error}", "replace or remove the file"
        ) from error
    scale = size_px / min(colour.size)
    width, height = (max(size_px, round(side * scale)) for side in colour.size)
    resized = colour.resize((width, height), Image.Resampling.BILINEAR)
    left, top = (width - size_px) // 2, (height - size_px) // 2
    return np.asarray(resized.crop((left, top, left + size_px, top + size_px)))


def _decode(
    classes: Sequence[Sequence[Path]], size_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    counts = [len(pictures) for pictures in classes]
    images = np.empty((sum(counts), size_px, size_px, 3), np.uint8)
    every = (path for pictures in classes for path in pictures)
    for image, path in zip(images, every, strict=True):
        image[...] = read_picture(path, size_px)
    return images, np.repeat(np.arange(len(counts), dtype=np.int64), counts)
