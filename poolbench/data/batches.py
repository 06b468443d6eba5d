"""Batches of resident images: each is a function of (seed, epoch, step) and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from poolbench.core.batch import Batch
from poolbench.core.streams import derive
from poolbench.data.augment.api import Augmentation
from poolbench.data.splits import Split


class Batches:
    """The training images, in a new order each epoch and augmented anew.

    All draws are made on the CPU from streams named by seed, epoch and step. So training can
    resume at any step, and a GPU sees the images a CPU would see.

    Args:
        split: What is drawn from, on the device where batches are wanted.
        batch_size: Images a step, at least 1; the last batch of an epoch may be smaller.
        augment: Applied to each batch, in this order.
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
        """Batches in an epoch."""
        return -(-len(self._split) // self._batch_size)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch.

        Args:
            epoch: From 0.
            start: The first step to yield, from 0: the batches before it are not made.
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
        split: What is evaluated, on the device where batches are wanted.
        batch_size: Images a batch, at least 1; the last may be smaller.
    """
    for start in range(0, len(split), batch_size):
        chosen = slice(start, start + batch_size)
        yield Batch(images=_pixels(split.images[chosen]), labels=split.labels[chosen])


def _pixels(images: Tensor) -> Tensor:
    # The channels stay innermost in memory: the permuted view is what channels-last means.
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(255)
