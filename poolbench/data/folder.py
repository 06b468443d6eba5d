"""The user's own pictures, one folder per class, all resized to one size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poolbench.core.named import Named
from poolbench.data.arrays import Arrays
from poolbench.data.folder_files import FolderFiles, find_pictures
from poolbench.data.picture import UnreadablePicture, read_picture
from poolbench.data.unreadable import unreadable_pictures

Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


def read_folder(
    *,
    path: str,
    size_px: int,
    split: float | None = None,
    root: Path | None = None,
    download: bool = False,
) -> Arrays:
    """Return the pictures as ``size_px`` x ``size_px`` x 3, upright as their EXIF data say.

    The shorter side is resized to ``size_px`` (antialiased bilinear), then the centre is cropped.

    Args:
        path: The folder, relative to ``root`` if it is not absolute.
        size_px: Side of the square images, at least 1.
        split: Fraction of the pictures for testing, in (0, 1), of a folder without ``test``;
            ``None`` for one with it.
        root: The data root.
        download: Ignored: the pictures are the user's own.

    Raises:
        EnvironmentFault: A folder is missing or empty, or pictures cannot be read.
    """
    del download
    options = {"path": path, "size_px": size_px, "split": split}
    files = find_pictures(Named(name="folder", options=options), root)
    return decode_pictures(files, size_px, upright=True)


def decode_pictures(files: FolderFiles, size_px: int, *, upright: bool) -> Arrays:
    """Return pictures as ``size_px`` x ``size_px`` x 3, with their class folders as classes.

    Args:
        files: The pictures.
        size_px: Side of the square images, at least 1.
        upright: Whether pictures are turned as their EXIF data say.

    Raises:
        EnvironmentFault: Pictures cannot be read: all of them are named.
    """
    unreadable: list[tuple[Path, str]] = []

    def decode(classes: Sequence[Sequence[Path]]) -> Labelled:
        counts = [len(pictures) for pictures in classes]
        images = np.empty((sum(counts), size_px, size_px, 3), np.uint8)
        every = (path for pictures in classes for path in pictures)
        for image, path in zip(images, every, strict=True):
            try:
                image[...] = read_picture(path, size_px, upright=upright)
            except UnreadablePicture as error:
                unreadable.append((path, str(error)))
        return images, np.repeat(np.arange(len(counts), dtype=np.int64), counts)

    train_images, train_labels = decode(files.train)
    test_images, test_labels = decode(files.test)
    if unreadable:
        raise unreadable_pictures(unreadable)
    return Arrays(
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        classes=files.classes,
    )
