"""The sizes of a few pictures, from their first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from poolbench.core.found_pictures import Range, range_of

if TYPE_CHECKING:
    from poolbench.data.pictures.source import PictureSource

_MOST = 100


def look_at(pictures: Sequence[Path | PictureSource]) -> tuple[Range | None, int, int]:
    """Return the shortest and the longest side of up to 100 pictures, evenly spaced, in pixels.

    Returns:
        ``(sides, number of pictures, number of those that cannot be read)``; the sides are ``None``
        if none can, and whoever decodes them says why.
    """
    from PIL import Image

    sides: list[int] = []
    damaged = 0
    step = -(-len(pictures) // _MOST)
    for each in pictures[:: max(step, 1)]:
        try:
            with Image.open(each if isinstance(each, Path) else BytesIO(each.read())) as picture:
                sides += picture.size
        except Exception:  # in whatever way: the decoder tells
            damaged += 1
    return (range_of(sides) if sides else None), len(sides) // 2, damaged
