"""The user's own pictures, one folder per class, all resized to one size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from poolbench.core.cell import Named
from poolbench.data.arrays import Arrays
from poolbench.data.folder_files import FolderFiles, find_pictures
from poolbench.data.unreadable import unreadable_pictures

_EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})

# How a picture is turned so that its first row is the top, by its EXIF orientation; 1 is upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


class UnreadablePicture(Exception):
    """A file is not a valid picture with 8 bits per channel."""


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


def read_picture(path: Path, size_px: int, *, upright: bool = True) -> NDArray[np.uint8]:
    """Return one picture, uint8 ``(size_px, size_px, 3)``.

    Args:
        path: The file.
        size_px: Side of the square, at least 1.
        upright: Whether it is turned as its EXIF data say.

    Raises:
        UnreadablePicture: The file is not a valid picture with 8 bits per channel.
    """
    try:
        with Image.open(path) as picture:
            if picture.mode not in _EIGHT_BIT_MODES:
                raise ValueError(f"mode {picture.mode} has more than 8 bits per channel")
            # Transparent palette colours are only converted correctly by way of RGBA.
            transparent = "transparency" in picture.info
            colour = (picture.convert("RGBA") if transparent else picture).convert("RGB")
            turn = _orientation(picture) if upright else None
            colour = colour.transpose(_TURNS[turn]) if turn in _TURNS else colour
    except MemoryError:
        raise
    except Exception as error:  # each decoder of Pillow has errors of its own
        raise UnreadablePicture(str(error) or type(error).__name__) from error
    scale = size_px / min(colour.size)
    width, height = (max(size_px, round(side * scale)) for side in colour.size)
    resized = colour.resize((width, height), Image.Resampling.BILINEAR)
    left, top = (width - size_px) // 2, (height - size_px) // 2
    return np.asarray(resized.crop((left, top, left + size_px, top + size_px)))


def _orientation(picture: Image.Image) -> int | None:
    """Return the EXIF orientation of a loaded picture; ``None`` for none that can be read.

    Before Pillow loads a TIFF it would be there, too, but Pillow turns TIFFs itself.
    """
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except SyntaxError:  # the pixels are sound, only what is said of them is not
        return None
    return orientation if isinstance(orientation, int) else None
