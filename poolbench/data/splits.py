"""Resident data: every image of a split in one tensor, on the network's device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

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
    """

    train: Split
    validation: Split | None
    test: Split
    num_classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(C, H, W)`` of an image."""
        height, width, channels = self.train.images.shape[1:]
        return channels, height, width


def channel_statistics(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and the standard deviation of each channel, for pixels scaled to [0, 1].

    Args:
        images: uint8 ``(N, H, W, C)`` on the CPU, at least one image.

    Returns:
        ``(mean, std)``, each of length C; the std of a constant channel is 1.

    Numerics: Sums are of integers, so only the final division and root are rounded.
    """
    mean, std = [], []
    for channel in images.unbind(-1):
        counts = torch.bincount(channel.reshape(-1), minlength=_LEVELS).tolist()
        pixels = sum(counts)
        total = sum(level * count for level, count in enumerate(counts))
        squares = sum(level * level * count for level, count in enumerate(counts))
        white = _LEVELS - 1
        mean.append(total / (pixels * white))
        spread = pixels * squares - total * total
        std.append(spread**0.5 / (pixels * white) if spread else 1.0)
    return tuple(mean), tuple(std)
