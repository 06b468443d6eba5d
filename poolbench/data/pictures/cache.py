"""The cache of prepared pictures: a folder for each list of pictures, with its shards.

Reading it loads no torch: ``doctor`` lists it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from poolbench.core.atomic import write_whole
from poolbench.core.document import Count, Damaged, read_as
from poolbench.core.regular_file import read_regular
from poolbench.core.user_cache import cache_folder, size_of
from poolbench.data.pictures.shard import INDEX
from poolbench.data.pictures.source import PictureList

_VERSION: Literal[1] = 1
_ABOUT = "about.json"


@dataclass(frozen=True, kw_only=True)
class About:
    """What an entry is of.

    Args:
        version: Version of the format.
        pictures: Number of pictures.
        shards: Number of shards when it is complete.
        keep_px: Their shorter side at most, in pixels; ``None`` for any.
        example: Name of the first picture.
    """

    version: Literal[1] = _VERSION
    pictures: Count
    shards: Count
    keep_px: Count | None
    example: str


@dataclass(frozen=True, kw_only=True)
class CacheEntry:
    """An entry as it lies on the disk.

    Args:
        folder: Its folder.
        about: What it is of; ``None`` if another version wrote it, or it is damaged.
        shards: Number of shards that are complete.
    """

    folder: Path
    about: About | None
    shards: int

    @property
    def size_bytes(self) -> int:
        """Size of its files: each is looked at."""
        return size_of(self.folder)

    @property
    def is_complete(self) -> bool:
        """Whether every picture is prepared."""
        return self.about is not None and self.shards == self.about.shards


def entries_folder() -> Path:
    """Return the folder of all entries."""
    return cache_folder() / "decoded"


def entry_folder(pictures: PictureList) -> Path:
    """Return the folder of a list of pictures: a function of their bytes and what is kept."""
    digest = hashlib.sha256()
    identity = [_VERSION, pictures.size.keep_px, pictures.upright]
    digest.update(json.dumps(identity).encode())
    for source in pictures.all:
        digest.update(bytes.fromhex(source.sha256))
    return entries_folder() / digest.hexdigest()[:24]


def write_about(folder: Path, about: About) -> None:
    """Create an entry's folder, and say what it is of.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(about)).encode()
    write_whole(folder / _ABOUT, lambda file: file.write(text))


def is_prepared(pictures: PictureList) -> bool:
    """Whether every picture of a list was decoded before."""
    return _entry(entry_folder(pictures)).is_complete


def cache_entries() -> Iterator[CacheEntry]:
    """Yield the entries, by the names of their folders."""
    for folder in sorted(path for path in entries_folder().glob("*") if path.is_dir()):
        yield _entry(folder)


def _entry(folder: Path) -> CacheEntry:
    return CacheEntry(
        folder=folder,
        about=read_about(folder),
        shards=sum(1 for _ in folder.glob(f"*{INDEX}")),
    )


def read_about(folder: Path) -> About | None:
    """Return what an entry is of; ``None`` if another version wrote it, or it is damaged."""
    try:
        return read_as(About, read_regular(folder / _ABOUT))
    except (OSError, Damaged):
        return None
