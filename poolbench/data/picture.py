"""One picture, decoded, turned upright, resized and cropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

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


class UnreadablePicture(Exception):
    """A file is not a valid picture with 8 bits per channel."""


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


def undecodable(pictures: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the pictures that :func:`read_picture` refuses, with its reasons."""
    for path in pictures:
        try:
            read_picture(path, 1)
        except UnreadablePicture as error:
            yield path, str(error)


def _orientation(picture: Image.Image) -> int | None:
    """Return the EXIF orientation of a loaded picture; ``None`` for none that can be read.

    Before Pillow loads a TIFF it would be there, too, but Pillow turns TIFFs itself.
    """
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except SyntaxError:  # the pixels are sound, only what is said of them is not
        return None
    return orientation if isinstance(orientation, int) else None
