"""One picture: from its bytes to pixels, upright, and no larger than is kept."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, UnidentifiedImageError
from torch import Tensor

from poolbench.data.pictures.resampling import resized

_EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})

# How rows, then columns, are reversed after rows and columns are exchanged, or not, so that the
# first row is the top: (exchanged, reversed axes) by EXIF orientation; 1 is upright.
_TURNS: dict[int, tuple[bool, tuple[int, ...]]] = {
    2: (False, (1,)),
    3: (False, (0, 1)),
    4: (False, (0,)),
    5: (True, ()),
    6: (True, (1,)),
    7: (True, (0, 1)),
    8: (True, (0,)),
}
# In a PNG, orientation is in any of these, sometimes after the pixels.
_NOTES_OF_PNG = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
_BIT_DEPTH_OF_PNG, _BITS = 24, 8
_RGB = 3  # torchvision's number of the mode
_PLACE_IN_CODE = re.compile(r"^\S+, \S+\.cpp:\d+, ")  # before the reason, in torchvision's errors


class UnreadablePicture(Exception):
    """Bytes that are not a valid picture with 8 bits per channel."""


@functools.cache
def torchvision_decoder() -> Callable[[bytes], Tensor] | None:
    """Return torchvision's decoder; ``None`` in a release without one, where Pillow has to do.

    Its Python function says that torchcodec will replace it, once for each call.
    """
    try:
        import torchvision.io  # noqa: F401 - registers the operator

        operator = torch.ops.image.decode_image.default
    except (ImportError, AttributeError):
        return None

    def decode(data: bytes) -> Tensor:
        encoded = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        pixels: Tensor = operator(encoded, _RGB, False)
        return pixels.permute(1, 2, 0)

    return decode


def header(data: bytes) -> Image.Image:
    """Return a picture of which only the first bytes are decoded.

    Raises:
        UnreadablePicture: It is not a picture with 8 bits per channel.
    """
    try:
        picture = Image.open(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:
        raise _refusal(error) from error
    if picture.mode not in _EIGHT_BIT_MODES:
        what = "has more than 8 bits per channel" if picture.mode[0] in "IF" else "is no RGB"
        raise UnreadablePicture(f"mode {picture.mode} {what}: save it as RGB")
    return picture


def decode(data: bytes, picture: Image.Image, *, upright: bool = True) -> Tensor:
    """Return the pixels of a picture, uint8 ``(height, width, 3)``.

    Torchvision decodes most JPEGs and PNGs, to the bits that Pillow decodes them to and without
    Python's lock, so that threads decode side by side; Pillow decodes palettes, CMYK, transparency,
    and all other formats.

    Args:
        data: The encoded picture.
        picture: Its :func:`header`.
        upright: Whether it is turned as its EXIF data say.

    Raises:
        UnreadablePicture: It is not a valid picture.
    """
    try:
        fast = torchvision_decoder() if _is_plain(data, picture) else None
        pixels = fast(data) if fast else _by_pillow(picture)
        # Asked for the orientation of a PNG, Pillow decodes all of it.
        is_turned = upright and not (fast and picture.format == "PNG")
        return _turned(pixels, _orientation(picture)) if is_turned else pixels
    except MemoryError:
        raise
    except Exception as error:  # each decoder has errors of its own
        raise _refusal(error) from error


def shrunk(pixels: Tensor, keep_px: int | None) -> Tensor:
    """Return a picture with its shorter side at most ``keep_px``; smaller ones are not enlarged.

    Both sides are multiplied by ``keep_px / shorter side`` and rounded to whole pixels; resampling
    is bilinear and antialiased, as in :func:`~poolbench.data.pictures.resampling.resized`.

    Args:
        pixels: uint8 ``(height, width, 3)``.
        keep_px: In pixels; ``None`` for any.
    """
    height, width, _ = pixels.shape
    shorter = min(height, width)
    if keep_px is None or shorter <= keep_px:
        return pixels.contiguous()
    scale = keep_px / shorter
    return resized(pixels, (round(height * scale), round(width * scale)))


def undecodable(pictures: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the files that are not valid pictures, with the reasons."""
    for path in pictures:
        try:
            data = path.read_bytes()
            decode(data, header(data))
        except (OSError, UnreadablePicture) as error:
            yield path, str(error)


def _is_plain(data: bytes, picture: Image.Image) -> bool:
    """Whether torchvision decodes a picture to the same bits as Pillow."""
    if picture.mode not in ("RGB", "L") or "transparency" in picture.info:
        return False
    if picture.format == "PNG":
        is_in_bytes = data[_BIT_DEPTH_OF_PNG] == _BITS
        return is_in_bytes and not any(note in data for note in _NOTES_OF_PNG)
    return picture.format == "JPEG"


def _by_pillow(picture: Image.Image) -> Tensor:
    # Transparent palette colours are only converted correctly by way of RGBA.
    transparent = "transparency" in picture.info
    colour = (picture.convert("RGBA") if transparent else picture).convert("RGB")
    return torch.from_numpy(np.array(colour))


def _turned(pixels: Tensor, orientation: int | None) -> Tensor:
    if orientation not in _TURNS:
        return pixels
    exchanged, backwards = _TURNS[orientation]
    return (pixels.transpose(0, 1) if exchanged else pixels).flip(backwards)


def _orientation(picture: Image.Image) -> int | None:
    """Return the EXIF orientation of a decoded picture, or of a JPEG; ``None`` for none.

    Before Pillow decodes a TIFF it would be there, too, but Pillow turns TIFFs itself.
    """
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except SyntaxError:  # the pixels are sound, only what is said of them is not
        return None
    return orientation if isinstance(orientation, int) else None


def _refusal(error: Exception) -> UnreadablePicture:
    if isinstance(error, UnidentifiedImageError):
        return UnreadablePicture("it is not a picture of a kind that Pillow knows")
    if isinstance(error, Image.DecompressionBombError):
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        return UnreadablePicture(f"it has more than {most:,} pixels")
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return UnreadablePicture(_PLACE_IN_CODE.sub("", line))
