"""Prepared pictures, mapped from their shards: processes share the pages."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poolbench.data.pictures.shard import PICTURES, ShardIndex, pixels_path


class PreparedPictures:
    """Pictures of any size, in the order in which they were prepared.

    Args:
        folder: Folder of the shards.
        shards: What is in each.

    Attributes:
        sides: int64 ``(2, N)``: height and width of each picture, in pixels.
        sums: int64 ``(N, 2, 3)``: sum of the grey levels of each channel, and of their squares.
        first_pixels: int64 ``(N,)``: the pixels before each picture, in all shards.
    """

    def __init__(self, folder: Path, shards: Sequence[ShardIndex]) -> None:
        sizes = np.concatenate([shard.sizes for shard in shards])
        pixels = sizes.prod(1)
        self.sides = torch.from_numpy(sizes.T.copy())
        self.sums: NDArray[np.int64] = np.concatenate([shard.sums for shard in shards])
        self.first_pixels = torch.from_numpy(pixels.cumsum() - pixels)
        # Copy-on-write, because torch needs writable memory; nobody writes.
        self._files = [
            np.memmap(pixels_path(folder, number), np.uint8, "c") for number in range(len(shards))
        ]
        self._maps = [torch.from_numpy(file).view(-1, 3) for file in self._files]
        self._shard_starts = [int(self.first_pixels[n * PICTURES]) for n in range(len(shards))]

    def __len__(self) -> int:
        return self.sides.shape[1]

    @property
    def size_bytes(self) -> int:
        """Size of all pixels."""
        return sum(each.numel() for each in self._maps)

    def picture(self, index: int) -> Tensor:
        """Return a view of a picture, uint8 ``(height, width, 3)``."""
        shard = index // PICTURES
        height, width = self.sides[:, index].tolist()
        start = int(self.first_pixels[index]) - self._shard_starts[shard]
        return self._maps[shard][start : start + height * width].view(height, width, 3)

    def shards(self) -> Iterator[Tensor]:
        """Yield the pixels of each shard, uint8 ``(P, 3)``."""
        yield from self._maps

    def read_ahead(self) -> None:
        """Ask the system to read all of it, in the background."""
        if hasattr(mmap, "MADV_WILLNEED"):
            for file in self._files:
                if isinstance(file.base, mmap.mmap):
                    file.base.madvise(mmap.MADV_WILLNEED)
