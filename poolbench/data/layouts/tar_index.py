"""What is in a tar shard: read once, then remembered until the file changes."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poolbench.core.counted import counted, lines_of
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.data.file_facts import Kind, facts_of
from poolbench.data.picture_search import PICTURES

_LABELS = (".cls", ".json")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class TarMember:
    """A picture in a tar file.

    Args:
        archive: The file.
        member: Its name there.
        offset: Where its bytes begin.
        size: Their number.
        sha256: Of its content, in hexadecimal digits.
    """

    archive: Path
    member: str
    offset: int
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The archive and the name in it."""
        return f"{self.archive}:{self.member}"

    def read(self) -> bytes:
        """Return the bytes.

        Raises:
            OSError: They cannot be read.
        """
        with self.archive.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


@dataclass(frozen=True, slots=True)
class TarSample:
    """Members of one name, but for their suffixes.

    Args:
        key: The name.
        pictures: The pictures among them.
        labels: Content of those that hold labels, by suffix: ``.cls`` and ``.json``.
    """

    key: str
    pictures: tuple[TarMember, ...]
    labels: dict[str, str]


def samples_of(
    base: Path, shards: Sequence[Path], left_out: Counter[str]
) -> Iterator[tuple[Path, list[TarSample]]]:
    """Yield each shard with its samples, in the order of the shard.

    Args:
        base: A folder above all of them.
        shards: The files.
        left_out: Counts members that are neither pictures nor labels, by suffix.

    Raises:
        EnvironmentFault: They cannot be read; all of them are named.
    """
    for shard, (_, fact) in zip(shards, facts_of(base, shards, _INDEX), strict=True):
        samples, others = json.loads(fact)
        left_out.update(others)
        yield (
            shard,
            [
                TarSample(key, tuple(TarMember(shard, *each) for each in pictures), labels)
                for key, pictures, labels in samples
            ],
        )


def _index(path: Path) -> bytes:
    samples: dict[str, tuple[list[list[Any]], dict[str, str]]] = {}
    others: Counter[str] = Counter()
    try:
        with tarfile.open(path, "r:") as archive, path.open("rb") as file:
            for member in archive:
                key, suffix = _split(member.name)
                if member.isdir():
                    continue
                if not member.isfile() or suffix not in (*PICTURES, *_LABELS):
                    others[suffix if member.isfile() and suffix else "of other kinds"] += 1
                    continue
                file.seek(member.offset_data)
                data = file.read(member.size)
                if len(data) != member.size or member.issparse():
                    raise Damaged(f"{member.name} is not whole")
                pictures, labels = samples.setdefault(key, ([], {}))
                if suffix in PICTURES:
                    sha256 = hashlib.sha256(data).hexdigest()
                    pictures.append([member.name, member.offset_data, member.size, sha256])
                elif suffix in labels:
                    raise Damaged(f"{member.name} is in it twice")
                else:
                    labels[suffix] = data.decode("utf-8", "replace")
    except tarfile.TarError as error:
        raise Damaged(f"{error}; shards are plain tar files, not compressed ones") from error
    return json.dumps([[(key, *rest) for key, rest in samples.items()], others]).encode()


def _split(name: str) -> tuple[str, str]:
    """Return key and suffix: those of the file name's first dot, as WebDataset has it."""
    folder, _, file = name.rpartition("/")
    key, dot, suffix = file.partition(".")
    if not key:  # hidden: `._0001.jpg` of a Mac's tar
        return name, "hidden or of the system"
    last = os.path.splitext(f"{dot}{suffix}")[1] or f"{dot}{suffix}"  # noqa: PTH122
    return f"{folder}/{key}" if folder else key, last.lower()


def _refusal(shards: Sequence[tuple[Path, str]]) -> EnvironmentFault:
    listing = lines_of([f"{path}: {reason}" for path, reason in shards[:_SHOWN]], len(shards))
    return EnvironmentFault(
        f"cannot read {counted(len(shards), 'shard')}:{listing}", "replace the files"
    )


_INDEX = Kind(
    name="tar",
    find=_index,
    doing="looking at shards",
    unit="shards",
    for_a_thread=1,
    refusal=_refusal,
)
