"""What a split gives: batches of images, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Wanted:
    """The images of a batch.

    Args:
        indices: int64 ``(B,)`` on the CPU: which.
        placed: The same on the device of the labels.
        boxes: int64 ``(4, B)`` on the CPU: top, left, height and width of what is cut from each
            whole picture; ``None`` for its image.
        size_px: Side of the squares that boxes are resized to, in pixels; 0 without boxes.
    """

    indices: Tensor
    placed: Tensor
    boxes: Tensor | None = None
    size_px: int = 0


class LabelledImages(Protocol):
    """The images of a split, all of one size, and their labels."""

    @property
    def labels(self) -> Tensor:
        """The labels, int64 ``(N,)``, on the device where batches are needed."""
        ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(C, H, W)`` of an image."""
        ...

    def __len__(self) -> int: ...

    def select(self, indices: Tensor) -> Self:
        """Return the images at ``indices``, int64 ``(M,)`` on the CPU, in that order."""
        ...

    def to(self, device: torch.device) -> Self:
        """Return the split with its labels, and its batches, on a device."""
        ...

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the mean and the standard deviation of each channel, pixels in [0, 1]."""
        ...

    @property
    def has_whole_pictures(self) -> bool:
        """Whether the images are cut from larger pictures, of which boxes may be wanted."""
        ...

    def sides(self, indices: Tensor) -> Tensor:
        """Return the height and width of whole pictures, or else of the images.

        Args:
            indices: int64 ``(B,)`` on the CPU.

        Returns:
            int64 ``(2, B)`` on the CPU, in pixels.
        """
        ...

    def take(self, indices: Tensor) -> Tensor:
        """Return images as uint8 ``(B, H, W, C)``; ``indices`` is int64 ``(B,)`` on the CPU."""
        ...

    def batches(self, wanted: Iterable[Wanted]) -> Iterator[Tensor]:
        """Yield what is wanted, in that order: uint8 ``(B, H, W, C)``, not to be modified.

        Boxes may only be wanted of whole pictures. What comes next may be read ahead.
        """
        ...

    def in_order(self, batch_size: int) -> Iterator[Tensor]:
        """Yield all images, as :meth:`batches` would; the last batch may be smaller."""
        ...
