"""The images of a split that are cut from pictures of any size."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poolbench.data.labelled_images import Wanted
from poolbench.data.pictures.cutter import Cutter, Finish
from poolbench.data.pictures.kept_size import KeptSize
from poolbench.data.pictures.preparation import prepare
from poolbench.data.pictures.prepared import PreparedPictures
from poolbench.data.pictures.progress import Watcher
from poolbench.data.pictures.residency import Place, choose_residency
from poolbench.data.pictures.source import PictureList
from poolbench.data.splits import mean_and_std

# Batches that are read while another is learned from.
_AHEAD = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureSplit:
    """Pictures and their labels; the image of each is its centre.

    The image is a central square, resized if it has another side than the images. Its side is the
    shorter one of the picture divided by 1.14, as if that side were resized to 1.14 times
    ``size_px`` and the centre cut out; but no more is cut off a picture than ``size_px`` asks for:
    one of exactly that side is taken whole.

    Args:
        sides_of_all: int64 ``(2, N)`` on the CPU: height and width of every prepared picture.
        sums_of_all: int64 ``(N, 2, 3)``: its sums of grey levels and of their squares, by channel.
        cutter: Cuts them.
        members: int64 ``(M,)`` on the CPU: those of the split.
        labels: int64 ``(M,)``, on the device where batches are needed.
        size: Side of the images.
    """

    sides_of_all: Tensor
    sums_of_all: NDArray[np.int64]
    cutter: Cutter
    members: Tensor
    labels: Tensor
    size: KeptSize

    def __len__(self) -> int:
        return len(self.members)

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(3, size_px, size_px)``."""
        return 3, self.size.size_px, self.size.size_px

    def select(self, indices: Tensor) -> PictureSplit:
        """Return the pictures at ``indices``, int64 ``(M,)``, in that order."""
        labels = self.labels[indices.to(self.labels.device)]
        return replace(self, members=self.members[indices], labels=labels)

    def to(self, device: torch.device) -> PictureSplit:
        """Return the split with its labels on a device, which is the cutter's."""
        return replace(self, labels=self.labels.to(device))

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the mean and the standard deviation of each channel over the kept pictures."""
        pixels = int(self.sides_of_all[:, self.members].prod(0).sum())
        totals, squares = self.sums_of_all[self.members.numpy()].sum(0).tolist()
        return mean_and_std(pixels, totals, squares)

    @property
    def has_whole_pictures(self) -> bool:
        """True."""
        return True

    def sides(self, indices: Tensor) -> Tensor:
        """Return the height and width of the pictures, int64 ``(2, B)``."""
        return self.sides_of_all[:, self.members[indices]]

    def take(self, indices: Tensor) -> Tensor:
        """Return images, uint8 ``(B, size_px, size_px, 3)``."""
        return self._cut(Wanted(indices=indices, placed=indices))()

    def batches(self, wanted: Iterable[Wanted]) -> Iterator[Tensor]:
        """Yield the boxes or images wanted, some batches of which are read ahead."""
        waiting: deque[Finish] = deque()
        for each in wanted:
            waiting.append(self._cut(each))
            if len(waiting) > _AHEAD:
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()

    def in_order(self, batch_size: int) -> Iterator[Tensor]:
        """Yield the images, ``batch_size`` at a time."""
        every = torch.split(torch.arange(len(self)), batch_size)
        return self.batches(Wanted(indices=part, placed=part) for part in every)

    def _cut(self, wanted: Wanted) -> Finish:
        boxes = wanted.boxes if wanted.boxes is not None else self._centres(wanted.indices)
        size_px = wanted.size_px or self.size.size_px
        return self.cutter.cut(self.members[wanted.indices], boxes, size_px)

    def _centres(self, indices: Tensor) -> Tensor:
        heights, widths = self.sides(indices)
        shorter = torch.minimum(heights, widths)
        size_px = self.size.size_px
        side = (shorter.double() * size_px / self.size.whole_px).round().long()
        side = side.maximum(shorter.clamp(max=size_px))
        return torch.stack([(heights - side) // 2, (widths - side) // 2, side, side])


def prepared_splits(
    pictures: PictureList, device: torch.device, watcher: Watcher
) -> tuple[PictureSplit, PictureSplit, Place]:
    """Return the training and the test split of pictures, and where those lie.

    Args:
        pictures: The pictures; prepared first, if they are not yet.
        device: Where batches are needed.
        watcher: Told how far that is, and where they lie.

    Raises:
        EnvironmentFault: As :func:`~poolbench.data.pictures.preparation.prepare`.
    """
    prepared = PreparedPictures(*prepare(pictures, watcher))
    residency = choose_residency(prepared, device)
    watcher.notice(residency.words)
    every = PictureSplit(
        sides_of_all=prepared.sides,
        sums_of_all=prepared.sums,
        cutter=residency.cutter,
        members=torch.arange(len(prepared)),
        labels=torch.from_numpy(np.concatenate([pictures.train_labels, pictures.test_labels])),
        size=pictures.size,
    )
    train, test = torch.arange(len(prepared)).tensor_split([len(pictures.train)])
    return every.select(train), every.select(test), residency.place
