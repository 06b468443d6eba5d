"""Batches of images: each is a function of (seed, epoch, step) alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from poolbench.core.batch import Batch
from poolbench.core.streams import derive
from poolbench.data.augment.api import Augmentation, CutsBoxes
from poolbench.data.labelled_images import LabelledImages, Wanted


class Batches:
    """The training images, in a new order and with new augmentations each epoch.

    All draws are made on the CPU from streams named by seed, epoch and step. So training can
    resume at any step, and a GPU sees the same images as a CPU.

    Args:
        split: The images, on the device where batches are needed.
        batch_size: Images per step, at least 1; the last batch of an epoch may be smaller.
        augment: Augmentations of each batch, in this order. If the first cuts boxes, and the split
            has whole pictures, they are cut from those.
        seed: The cell's seed.
    """

    def __init__(
        self,
        split: LabelledImages,
        *,
        batch_size: int,
        augment: Sequence[Augmentation] = (),
        seed: int,
    ) -> None:
        self._split, self._batch_size, self._seed = split, batch_size, seed
        self._cut, self._augment = _first_cut(split, augment)

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
        placed = order.to(self._split.labels.device)
        # Some steps ahead of the augmentations, which go on with the same generators.
        drawn: deque[tuple[Wanted, torch.Generator]] = deque()

        def wanted() -> Iterator[Wanted]:
            for step in range(start, self.steps):
                part = slice(step * self._batch_size, (step + 1) * self._batch_size)
                generator = self._generator("augment", epoch, step)
                drawn.append((self._wanted(order[part], placed[part], generator), generator))
                yield drawn[-1][0]

        for images in self._split.batches(wanted()):
            batch, generator = drawn.popleft()
            for augmentation in self._augment:
                images = augmentation(images, generator)
            labels = self._split.labels.index_select(0, batch.placed)
            yield Batch(images=_pixels(images), labels=labels)

    def _wanted(self, indices: Tensor, placed: Tensor, generator: torch.Generator) -> Wanted:
        if self._cut is None:
            return Wanted(indices=indices, placed=placed)
        boxes = self._cut.boxes(self._split.sides(indices), generator)
        size_px = self._cut.size_px or self._split.shape[1]
        return Wanted(indices=indices, placed=placed, boxes=boxes, size_px=size_px)

    def _generator(self, *names: str | int) -> torch.Generator:
        return torch.Generator().manual_seed(derive(self._seed, *names))


def evaluation_batches(split: LabelledImages, batch_size: int) -> Iterator[Batch]:
    """Yield every image of a split once, in order, unchanged.

    Args:
        split: The images, on the device where batches are needed.
        batch_size: Images per batch, at least 1; the last may be smaller.
    """
    start = 0
    for images in split.in_order(batch_size):
        labels = split.labels[start : start + batch_size]
        start += batch_size
        yield Batch(images=_pixels(images), labels=labels)


def _first_cut(
    split: LabelledImages, augment: Sequence[Augmentation]
) -> tuple[CutsBoxes | None, tuple[Augmentation, ...]]:
    """Return what cuts boxes from whole pictures, if that comes first, and the augmentations after.

    Anywhere else, and where there are only images, it cuts from those like any augmentation.
    """
    if split.has_whole_pictures and augment and isinstance(augment[0], CutsBoxes):
        return augment[0], tuple(augment[1:])
    return None, tuple(augment)


def _pixels(images: Tensor) -> Tensor:
    # The channels stay innermost in memory, so the permuted view is channels-last.
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(255)
