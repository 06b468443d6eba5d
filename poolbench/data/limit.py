"""Taking a limited number of images of each split, always the same ones."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from poolbench.core.cell import DataSpec
from poolbench.data.labelled_images import LabelledImages
from poolbench.data.pictures.cache import is_prepared
from poolbench.data.pictures.source import PictureList
from poolbench.data.sorted_pictures import Split
from poolbench.data.stable_random import StableRandom


def limited(split: LabelledImages, spec: DataSpec, name: Split) -> LabelledImages:
    """Return the images of a split that a cell's limit takes; those of a smaller one among them."""
    if not _is_limited(len(split), spec):
        return split
    return split.select(torch.from_numpy(_taken(len(split), spec, name)))


def needed_pictures(pictures: PictureList, spec: DataSpec) -> PictureList:
    """Return the pictures that a cell needs, so that no other is decoded.

    They are the test pictures where no others are read, and of either split those that
    :func:`limited` would take. If all are decoded already, they are all.

    Args:
        pictures: All pictures of the data set.
        spec: How the cell uses it.
    """
    whole = pictures
    if not spec.reads_train:
        pictures = pictures.tests
    train, test = len(pictures.train), len(pictures.test)
    is_limited = _is_limited(train, spec) or _is_limited(test, spec)
    if (is_limited or not spec.reads_train) and is_prepared(whole):
        return whole
    if not is_limited:
        return pictures
    return pictures.select(train=_taken(train, spec, "train"), test=_taken(test, spec, "test"))


def _is_limited(count: int, spec: DataSpec) -> bool:
    return spec.limit is not None and spec.limit < count


def _taken(count: int, spec: DataSpec, name: Split) -> NDArray[np.int64]:
    order = StableRandom(spec.source.name, name, "limit").permutation(count)
    return np.sort(order[: spec.limit])
