"""Resident data: every image of a split in one tensor, on the network's device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from poolbench.data.labelled_images import LabelledImages, Wanted

_LEVELS = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Images and their labels.

    Args:
        images: uint8 ``(N, H, W, C)``, contiguous.
        labels: int64 ``(N,)``, on the same device.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, indices: Tensor) -> Split:
        """Return a copy of the images at ``indices``, int64 ``(M,)``, in that order."""
        return Split(images=self.images[indices], labels=self.labels[indices])

    def to(self, device: torch.device) -> Split:
        """Return the split on a device; itself if it is already there."""
        return Split(images=self.images.to(device), labels=self.labels.to(device))

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(C, H, W)`` of an image."""
        height, width, channels = self.images.shape[1:]
        return channels, height, width

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return :func:`channel_statistics` of the images, which are on the CPU."""
        return channel_statistics(self.images)

    @property
    def has_whole_pictures(self) -> bool:
        """False: the images are all there is."""
        return False

    def sides(self, indices: Tensor) -> Tensor:
        """Return the height and width of the images, int64 ``(2, B)``."""
        return torch.tensor(self.shape[1:])[:, None].expand(2, len(indices))

    def take(self, indices: Tensor) -> Tensor:
        """Return a copy of images, uint8 ``(B, H, W, C)``."""
        return self.images[indices.to(self.images.device)]

    def batches(self, wanted: Iterable[Wanted]) -> Iterator[Tensor]:
        """Yield copies of the images wanted."""
        for each in wanted:
            yield self.images.index_select(0, each.placed)

    def in_order(self, batch_size: int) -> Iterator[Tensor]:
        """Yield views of the images, ``batch_size`` at a time."""
        for start in range(0, len(self), batch_size):
            yield self.images[start : start + batch_size]


@dataclass(frozen=True, kw_only=True, eq=False)
class Splits:
    """The training, validation and test images of a cell. They are disjoint.

    Args:
        train: Training images.
        validation: Images held out of the training images; ``None`` if there are none.
        test: Test images, for the final results.
        num_classes: Number of classes, at least 1.
        mean: Mean of each channel over ``train``, in [0, 1].
        std: Standard deviation (of the population) of each channel over ``train``; 1 for a
            constant channel, so that dividing by it is harmless.
        classes: Names of the classes, by label.
        residency: Where pictures lie that images are cut from: ``device``, ``memory`` or ``disk``;
            empty for data sets of one size, which are on the device.
    """

    train: LabelledImages
    validation: LabelledImages | None
    test: LabelledImages
    num_classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: tuple[str, ...]
    residency: str = ""

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(C, H, W)`` of an image."""
        return self.train.shape


def channel_statistics(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and the standard deviation of each channel, for pixels scaled to [0, 1].

    Args:
        images: uint8 ``(N, H, W, C)`` on the CPU, at least one image.

    Returns:
        ``(mean, std)``, each of length C; the std of a constant channel is 1.

    Numerics: Sums are of integers, so only the final division and root are rounded.
    """
    totals, squares = [], []
    for channel in images.unbind(-1):
        counts = torch.bincount(channel.reshape(-1), minlength=_LEVELS).tolist()
        totals.append(sum(level * count for level, count in enumerate(counts)))
        squares.append(sum(level * level * count for level, count in enumerate(counts)))
    return mean_and_std(images[..., 0].numel(), totals, squares)


def mean_and_std(
    pixels: int, totals: Sequence[int], squares: Sequence[int]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and the standard deviation of each channel, for pixels scaled to [0, 1].

    Args:
        pixels: Number of pixels, at least 1.
        totals: Sum of the grey levels of each channel.
        squares: Sum of their squares.

    Returns:
        ``(mean, std)``; the std of a constant channel is 1.
    """
    mean, std = [], []
    white = _LEVELS - 1
    for total, square in zip(totals, squares, strict=True):
        mean.append(total / (pixels * white))
        spread = pixels * square - total * total
        std.append(spread**0.5 / (pixels * white) if spread else 1.0)
    return tuple(mean), tuple(std)
