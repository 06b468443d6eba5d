"""CIFAR-10 and CIFAR-100: 32 x 32 colour photographs of 10 and 100 classes."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from poolbench.data.arrays import Arrays
from poolbench.data.official import CIFAR10, CIFAR100, OfficialFiles, files_root, require


def read_cifar10(*, root: Path | None = None, download: bool = False) -> Arrays:
    """Return 50000 training and 10000 test images, 32 x 32 x 3, of 10 classes.

    Args:
        root: Folder that contains ``cifar-10-batches-py``.
        download: Whether it may be downloaded if missing.

    Raises:
        EnvironmentFault: Files are missing or damaged.

    References:
        Krizhevsky 2009, Learning multiple layers of features from tiny images.
    """
    return _read(CIFAR10, root, download)


def read_cifar100(*, root: Path | None = None, download: bool = False) -> Arrays:
    """Return 50000 training and 10000 test images, 32 x 32 x 3, of 100 classes.

    Args:
        root: Folder that contains ``cifar-100-python``.
        download: Whether it may be downloaded if missing.

    Raises:
        EnvironmentFault: Files are missing or damaged.

    References:
        Krizhevsky 2009, Learning multiple layers of features from tiny images.
    """
    return _read(CIFAR100, root, download)


def _read(files: OfficialFiles, root: Path | None, download: bool) -> Arrays:
    base = files_root(root)
    require(files, base, download=download, fetch=partial(_fetch, files))
    published = _published(files)
    train, test = published(str(base), train=True), published(str(base), train=False)
    return Arrays(
        train_images=np.ascontiguousarray(train.data),
        train_labels=np.array(train.targets, dtype=np.int64),
        test_images=np.ascontiguousarray(test.data),
        test_labels=np.array(test.targets, dtype=np.int64),
        classes=tuple(train.classes),
    )


def _published(files: OfficialFiles) -> Any:
    # Imported here: it takes longer than torch, and is needed only to fill the cache.
    from torchvision import datasets

    return getattr(datasets, files.dataset.upper())


def _fetch(files: OfficialFiles, root: Path) -> None:
    with redirect_stdout(sys.stderr):  # only results go to stdout
        _published(files)(str(root), download=True)
