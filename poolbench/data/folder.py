"""From class folders to the pictures that are prepared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from poolbench.core.named import Named
from poolbench.data.folder_files import FolderFiles
from poolbench.data.pictures.kept_size import kept_size
from poolbench.data.pictures.source import PictureFile, PictureList
from poolbench.data.sorted_pictures import Split


def read_folder(found: FolderFiles, source: Named, *, upright: bool = True) -> PictureList:
    """Return the pictures of class folders.

    Args:
        found: The pictures.
        source: The data set, with its options ``size_px`` and ``keep_px``.
        upright: Whether pictures are turned as their EXIF data say.

    Raises:
        EnvironmentFault: Pictures cannot be read: all of them are named.
        BadInput: ``keep_px`` is smaller than ``size_px``.
    """
    pictures = [
        PictureFile(path, sha256) for path, (_, sha256) in zip(found, found.hashes, strict=True)
    ]
    train = sum(found.counts("train"))
    return PictureList(
        train=pictures[:train],
        train_labels=_labels(found, "train"),
        test=pictures[train:],
        test_labels=_labels(found, "test"),
        classes=found.classes,
        size=kept_size(source.name, source.options),
        upright=upright,
    )


def _labels(found: FolderFiles, split: Split) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(found.classes), dtype=np.int64), found.counts(split))
