"""Batches of resident images: each is a function of (seed, epoch, step) alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from poolbench.core.batch import Batch
from poolbench.core.streams import derive
from poolbench.data.augment.api import Augmentation
from poolbench.data.splits import Split


class Batches:
    """The training images, in a new order and with new augmentations each epoch.

    All draws are made on the CPU from streams named by seed, epoch and step. So training can
    resume at any step, and a GPU sees the same images as a CPU.

    Args:
        split: The images, on the device where batches are needed.
        batch_size: Images per step, at least 1; the last batch of an epoch may be smaller.
        augment: Augmentations of each batch, in this order.
        seed: The cell's seed.
    """

    def __init__(
        self,
        split: Split,
        *,
        batch_size: int,
        augment: Sequence[Augmentation] = (),
        seed: int,
    ) -> None:
        self._split, self._batch_size = split, batch_size
        self._augment, self._seed = tuple(augment), seed

    @property
    def steps(self) -> int:
        """Number of batches in an epoch."""
        return -(-len(self._split) // self._batch_size)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch.

        Args:
            epoch: Number of the epoch, from 0.
            start: The first step to yield, from 0; earlier batches are not computed.
        """
        order = torch.randperm(len(self._split), generator=self._generator("order", epoch))
        order = order.to(self._split.labels.device)
        for step in range(start, self.steps):
            indices = order[step * self._batch_size : (step + 1) * self._batch_size]
            images = self._split.images.index_select(0, indices)
            generator = self._generator("augment", epoch, step)
            for augmentation in self._augment:
                images = augmentation(images, generator)
            yield Batch(images=_pixels(images), labels=self._split.labels.index_select(0, indices))

    def _generator(self, *names: str | int) -> torch.Generator:
        return torch.Generator().manual_seed(derive(self._seed, *names))


def evaluation_batches(split: Split, batch_size: int) -> Iterator[Batch]:
    """Yield every image of a split once, in order, unchanged.

    Args:
        split: The images, on the device where batches are needed.
        batch_size: Images per batch, at least 1; the last may be smaller.
    """
    for start in range(0, len(split), batch_size):
        chosen = slice(start, start + batch_size)
        yield Batch(images=_pixels(split.images[chosen]), labels=split.labels[chosen])


def _pixels(images: Tensor) -> Tensor:
    # The channels stay innermost in memory, so the permuted view is channels-last.
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(255)
