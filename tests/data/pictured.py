"""Pictures as the tests look at them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poolbench.core.named import Named
from poolbench.data import DATASETS
from poolbench.data.labelled_images import LabelledImages
from poolbench.data.pictures.decoding import decode, header
from poolbench.data.pictures.picture_split import PictureSplit, prepared_splits
from poolbench.data.pictures.progress import Unwatched
from poolbench.data.pictures.source import PictureList


def decoded(path: Path) -> NDArray[np.uint8]:
    """Return the pixels of a picture, upright."""
    data = path.read_bytes()
    return decode(data, header(data)).numpy()


def images_of(split: LabelledImages) -> Tensor:
    """Return all images of a split."""
    return split.take(torch.arange(len(split)))


def pictures_of(name: str, root: Path | None, **options: object) -> PictureList:
    """Return the pictures of a data set."""
    source = Named(name=name, options=options)
    pictures: PictureList = DATASETS.resolve(name)(
        DATASETS.resolve(name, "find")(source, root), source
    )
    return pictures


def prepared(pictures: PictureList) -> tuple[PictureSplit, PictureSplit]:
    """Return the splits of pictures on the CPU."""
    train, test, _ = prepared_splits(pictures, torch.device("cpu"), Unwatched())
    return train, test
