"""A shard: some thousand kept pictures back to back in one file, and their sizes in another.

The file of sizes is written last, with the checksum of the pixels: its presence is the commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from poolbench.core.atomic import write_whole

if TYPE_CHECKING:
    from poolbench.data.pictures.kept_picture import KeptPicture

PICTURES = 1024
"""Pictures of a shard; the last one of a data set may have fewer."""
PIXELS, INDEX = ".pixels", ".npz"
"""Suffixes of its files."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ShardIndex:
    """What is in a shard.

    Args:
        sizes: int64 ``(n, 2)``: height and width of each picture, in pixels.
        sums: int64 ``(n, 2, 3)``: sum of the grey levels of each channel, and of their squares.
        sha256: Of the file of pixels, in hexadecimal digits.
    """

    sizes: NDArray[np.int64]
    sums: NDArray[np.int64]
    sha256: str

    @property
    def pixel_bytes(self) -> int:
        """Size of the file of pixels."""
        return int(3 * self.sizes.prod(1).sum())


def pixels_path(folder: Path, number: int) -> Path:
    """Return the file of a shard's pixels."""
    return folder / f"{number:05d}{PIXELS}"


def index_path(folder: Path, number: int) -> Path:
    """Return the file of a shard's sizes."""
    return folder / f"{number:05d}{INDEX}"


def write_shard(folder: Path, number: int, pictures: Iterable[KeptPicture]) -> None:
    """Write a shard; a crash leaves all of it or nothing.

    Args:
        folder: Where it goes.
        number: Its place among the shards of the data set, from 0.
        pictures: Its pictures, written as they come.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    sizes, sums, digest = [], [], hashlib.sha256()

    def write_pixels(file: BinaryIO) -> None:
        for picture in pictures:
            pixels = picture.pixels.numpy().reshape(-1).data
            file.write(pixels)
            digest.update(pixels)
            sizes.append(picture.pixels.shape[:2])
            sums.append(picture.sums)

    write_whole(pixels_path(folder, number), write_pixels)

    def write_index(file: BinaryIO) -> None:
        np.savez(
            file,
            sizes=np.array(sizes, np.int64),
            sums=np.array(sums, np.int64),
            sha256=np.frombuffer(digest.digest(), np.uint8),
        )

    write_whole(index_path(folder, number), write_index)


def read_index(folder: Path, number: int, count: int) -> ShardIndex | None:
    """Return what is in a shard; ``None`` if it is not there or not as it was written.

    The pixels are not read, only their number is checked.

    Args:
        folder: Where it is.
        number: Its place among the shards.
        count: Number of its pictures.
    """
    try:
        with (
            index_path(folder, number).open("rb") as file,
            np.load(file, allow_pickle=False) as parts,
        ):
            index = ShardIndex(
                sizes=parts["sizes"], sums=parts["sums"], sha256=parts["sha256"].tobytes().hex()
            )
        length = pixels_path(folder, number).stat().st_size
    except Exception:  # zip, numpy and the system each have errors of their own
        return None
    shapes = index.sizes.shape, index.sums.shape
    return index if shapes == ((count, 2), (count, 2, 3)) and length == index.pixel_bytes else None
