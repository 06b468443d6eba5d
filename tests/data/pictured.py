"""Pictures as the tests look at them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

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


def prepared(pictures: PictureList) -> tuple[PictureSplit, PictureSplit]:
    """Return the splits of pictures on the CPU."""
    train, test, _ = prepared_splits(pictures, torch.device("cpu"), Unwatched())
    return train, test
