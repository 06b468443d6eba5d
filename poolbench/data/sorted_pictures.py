"""Pictures in classes and splits: what the ``find`` of a data set of pictures returns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from poolbench.data.pictures.source import PictureSource

Split = Literal["train", "test"]


class SortedPictures(Protocol):
    """Pictures that nobody has decoded, in an order that no machine decides."""

    @property
    def base(self) -> Path:
        """The file or folder that they are from."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, by label."""
        ...

    @property
    def left_out(self) -> tuple[str, ...]:
        """What was found and not taken, with its number: ``3 .gif``."""
        ...

    @property
    def checksum(self) -> str:
        """SHA-256 of names and contents, in hexadecimal digits.

        Raises:
            EnvironmentFault: Pictures cannot be read: all of them are named.
        """
        ...

    def counts(self, split: Split) -> list[int]:
        """Return the number of pictures of each class, by label."""
        ...

    def __iter__(self) -> Iterator[Path | PictureSource]:
        """Yield the pictures for training, then those for testing."""
        ...
