"""The user's own pictures, one folder per class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poolbench.core.named import Named
from poolbench.data.file_hashes import hash_files
from poolbench.data.folder_files import FolderFiles, find_pictures
from poolbench.data.pictures.kept_size import KeptSize, kept_size
from poolbench.data.pictures.source import PictureFile, PictureList


def read_folder(
    *,
    path: str,
    size_px: int,
    keep_px: int | str | None = None,
    split: float | None = None,
    root: Path | None = None,
    download: bool = False,
) -> PictureList:
    """Return the pictures, upright as their EXIF data say.

    Args:
        path: The folder, relative to ``root`` if it is not absolute.
        size_px: Side of the square images, at least 1.
        keep_px: Shorter side of the kept pictures: see :func:`kept_size`.
        split: Fraction of the pictures for testing, in (0, 1), of a folder without ``test``;
            ``None`` for one with it.
        root: The data root.
        download: Ignored: the pictures are the user's own.

    Raises:
        EnvironmentFault: A folder is missing or empty, or pictures cannot be read.
        BadInput: ``keep_px`` is smaller than ``size_px``.
    """
    del download
    options = {"path": path, "size_px": size_px, "keep_px": keep_px, "split": split}
    size = kept_size("folder", options)
    files = find_pictures(Named(name="folder", options=options), root)
    return list_pictures(files, size, upright=True)


def list_pictures(files: FolderFiles, size: KeptSize, *, upright: bool) -> PictureList:
    """Return pictures with their class folders as classes.

    Args:
        files: The pictures.
        size: Side of the images, and what is kept of a picture.
        upright: Whether pictures are turned as their EXIF data say.

    Raises:
        EnvironmentFault: Pictures cannot be read: all of them are named.
    """
    hashes = hash_files(files.base, files)

    def listed(classes: Sequence[Sequence[Path]]) -> list[PictureFile]:
        every = (path for pictures in classes for path in pictures)
        return [PictureFile(p, hashes[p.relative_to(files.base).as_posix()]) for p in every]

    return PictureList(
        train=listed(files.train),
        train_labels=_labels(files.train),
        test=listed(files.test),
        test_labels=_labels(files.test),
        classes=files.classes,
        size=size,
        upright=upright,
    )


def _labels(classes: Sequence[Sequence[Path]]) -> NDArray[np.int64]:
    counts = [len(pictures) for pictures in classes]
    return np.repeat(np.arange(len(counts), dtype=np.int64), counts)
