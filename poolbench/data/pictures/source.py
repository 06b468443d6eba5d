"""What pictures are prepared from: where the bytes of each are, and its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from poolbench.core.regular_file import read_regular
from poolbench.data.pictures.kept_size import KeptSize


class PictureSource(Protocol):
    """The bytes of one encoded picture: a file, a member of an archive, a row of a table."""

    @property
    def name(self) -> str:
        """What errors call it: a path, or an archive and the name in it."""
        ...

    @property
    def sha256(self) -> str:
        """SHA-256 of its bytes when the data set was planned, in hexadecimal digits."""
        ...

    def read(self) -> bytes:
        """Return the bytes.

        Raises:
            OSError: They cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture in a file of its own.

    Args:
        path: The file.
        sha256: SHA-256 of its content when the data set was planned, in hexadecimal digits.
    """

    path: Path
    sha256: str

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> bytes:
        """Return the content.

        Raises:
            OSError: It cannot be read.
            Damaged: It is a folder, a pipe or a device.
        """
        return read_regular(self.path)


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureList:
    """A data set of pictures that are not decoded yet: what a reader returns instead of arrays.

    Args:
        train: Training pictures, in an order that does not depend on the machine.
        train_labels: int64 ``(len(train),)``, in ``[0, len(classes))``.
        test: Test pictures, likewise.
        test_labels: As ``train_labels``.
        classes: Names of the classes, by label.
        size: Side of the images, and what is kept of a picture.
        upright: Whether pictures are turned as their EXIF data say.
    """

    train: Sequence[PictureSource]
    train_labels: NDArray[np.int64]
    test: Sequence[PictureSource]
    test_labels: NDArray[np.int64]
    classes: tuple[str, ...]
    size: KeptSize
    upright: bool

    @property
    def all(self) -> tuple[PictureSource, ...]:
        """Training pictures, then test pictures."""
        return (*self.train, *self.test)

    @property
    def tests(self) -> PictureList:
        """The test pictures alone."""
        return replace(self, train=(), train_labels=self.train_labels[:0])

    def select(self, *, train: NDArray[np.int64], test: NDArray[np.int64]) -> PictureList:
        """Return the pictures at these indices of each split, in that order."""
        return replace(
            self,
            train=[self.train[index] for index in train.tolist()],
            train_labels=self.train_labels[train],
            test=[self.test[index] for index in test.tolist()],
            test_labels=self.test_labels[test],
        )
