"""The files that a data set is read from, as its entry's ``find`` returns them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class FoundFiles(Protocol):
    """Files below a folder, in an order that is always the same."""

    @property
    def base(self) -> Path:
        """The folder: paths relative to it, and contents, identify the data set."""
        ...

    def __iter__(self) -> Iterator[Path]:
        """Yield every file that the data set is read from."""
        ...


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """Files by their paths.

    Args:
        base: A folder above all of them.
        paths: The files.
    """

    base: Path
    paths: tuple[Path, ...]

    def __iter__(self) -> Iterator[Path]:
        return iter(self.paths)
