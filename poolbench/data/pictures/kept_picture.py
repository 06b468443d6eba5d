"""A picture as it is kept, with what the statistics of a data set are computed from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from poolbench.core.document import Damaged
from poolbench.data.pictures.decoding import UnreadablePicture, decode, header, shrunk
from poolbench.data.pictures.memory_budget import MemoryBudget
from poolbench.data.pictures.source import PictureSource

# Bytes that decoding takes per pixel at most: Pillow's own picture, its copy in colour, and ours.
_DECODING_BYTES = 12
_PIXELS_AT_ONCE = 1 << 18


@dataclass(frozen=True, eq=False)
class KeptPicture:
    """A picture as it is kept.

    Args:
        pixels: uint8 ``(height, width, 3)``, contiguous.
        sums: The sum of the grey levels of each channel, and of their squares.
    """

    pixels: Tensor
    sums: tuple[list[int], list[int]]


class ChangedPicture(Exception):
    """A picture is not the one that the data set was planned with."""


def keep(
    source: PictureSource, keep_px: int | None, *, upright: bool, budget: MemoryBudget, turn: int
) -> KeptPicture:
    """Read, decode and shrink a picture.

    Args:
        source: The picture.
        keep_px: Its shorter side is at most this, in pixels; ``None`` for any.
        upright: Whether it is turned as its EXIF data say.
        budget: What decoding takes from, until :meth:`MemoryBudget.give_back`.
        turn: Its number among the pictures that take from the budget.

    Raises:
        UnreadablePicture: It cannot be read.
        ChangedPicture: Its bytes are not those the data set was planned with.
    """
    try:
        data = source.read()
    except (OSError, Damaged) as error:
        raise UnreadablePicture(getattr(error, "strerror", None) or str(error)) from error
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise ChangedPicture(source.name)
    picture = header(data)
    width, height = picture.size
    budget.take(turn, len(data) + _DECODING_BYTES * width * height)
    pixels = shrunk(decode(data, picture, upright=upright), keep_px)
    budget.shrink(turn, pixels.numel())
    return KeptPicture(pixels, _sums(pixels))


def _sums(pixels: Tensor) -> tuple[list[int], list[int]]:
    sums, squares = torch.zeros(2, 3, dtype=torch.float64)
    for part in torch.split(pixels.view(-1, 3), _PIXELS_AT_ONCE):
        # Whole numbers up to 2^53, which float64 adds exactly: three times as fast as in integers.
        levels = part.double()
        sums += levels.sum(0)
        squares += (levels.T @ levels).diagonal()
    return sums.long().tolist(), squares.long().tolist()
