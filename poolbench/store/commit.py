"""The commit of a run: ``result.json``, with the checksums of its other files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Len

from poolbench.core.cell import ID_LENGTH, Cell
from poolbench.core.document import Count, Damaged, Unread, numbers_fit_64_bits, parse
from poolbench.core.record import Result, Run
from poolbench.store.documents import (
    epochs_from_lines,
    read_sealed,
    seal,
    sha256,
    timings_from_lines,
)
from poolbench.store.files import read_document, read_file, unreadable

FILE = "result.json"
IDENTITY = "cell.json"
HISTORY = "history.jsonl"
TIMINGS = "timings.jsonl"
ENVIRONMENT = "environment.json"
WEIGHTS = "model.safetensors"
PREDICTIONS = "predictions.npz"


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What a commit says of a file: its SHA-256, and its size in bytes."""

    sha256: Annotated[str, Len(64, 64)]
    bytes: Count


@dataclass(frozen=True, kw_only=True)
class _Document:
    cell: Cell
    result: Result
    files: Mapping[str, FileFacts]
    format: Count = 1

    def __post_init__(self) -> None:
        needed = {IDENTITY, HISTORY, TIMINGS, ENVIRONMENT}
        needed |= {WEIGHTS} if self.result.status == "ok" else set()
        if missing := sorted(needed - self.files.keys()):
            raise ValueError(f"the checksum of {', '.join(missing)} is missing")
        if outside := [name for name in self.files if "/" in name or name in {"", ".", ".."}]:
            raise ValueError(f"{outside[0]!r} is not the name of a file")


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A finished run as its commit describes it.

    Args:
        folder: The run's folder, named after its cell.
        cell: The cell that was trained.
        result: Its outcome.
        files: Facts of each other file, by its name.
    """

    folder: Path
    cell: Cell
    result: Result
    files: Mapping[str, FileFacts]

    @property
    def network(self) -> str | None:
        """SHA-256 of the stored weights; ``None`` when training diverged."""
        return self.files[WEIGHTS].sha256 if self.result.status == "ok" else None

    def check(self) -> None:
        """Check a run for damage that shows without reading its files.

        Raises:
            Damaged: It belongs to another cell, or a file is missing or has the wrong size.
            EnvironmentFault: A file cannot be looked at.
        """
        # Not calculated anew: the commit is sealed, and 10^5 identities take half a minute.
        own = self.files[IDENTITY].sha256[:ID_LENGTH]
        if own != self.folder.name:
            raise Damaged(f"{FILE} belongs to cell {own}")
        folder = str(self.folder)
        for name, facts in self.files.items():
            try:
                size = os.stat(f"{folder}/{name}").st_size  # noqa: PTH116 - asked of 10^5 files
            except (FileNotFoundError, NotADirectoryError):
                raise Damaged(f"{name} is missing") from None
            except OSError as error:
                raise unreadable(f"{folder}/{name}", error) from error
            if size != facts.bytes:
                raise Damaged(f"{name} has {size} bytes instead of {facts.bytes}")

    def read(self, name: str) -> bytes:
        """Return one of the files, checked against its SHA-256.

        Raises:
            Damaged: It is not what was written.
        """
        return read_checked(self.folder, name, self.files[name].sha256)

    def verify(self) -> None:
        """Read every byte of every file, and what the small ones say.

        Raises:
            Damaged: One of them is not what was written.
        """
        self.check()
        self.read_all()
        self.run()

    def read_all(self) -> None:
        """Read every byte of every file, wherever the folder is.

        Raises:
            Damaged: One of them is not what was written.
        """
        for name in self.files:
            self.read(name)

    def run(self) -> Run:
        """Return the run, read from the files that are not weights or predictions.

        Raises:
            Damaged: One of them is not what was written.
        """
        return Run(
            cell=self.cell,
            result=self.result,
            network=self.network,
            history=epochs_from_lines(self.read(HISTORY)),
            timings=timings_from_lines(self.read(TIMINGS)),
            environment=_environment(self.read(ENVIRONMENT)),
            size_bytes=sum(facts.bytes for facts in self.files.values()),
            predictions=self.files[PREDICTIONS].sha256 if PREDICTIONS in self.files else None,
        )


def read_checked(folder: Path, name: str, digest: str) -> bytes:
    """Return a file of a run, checked against its SHA-256.

    Raises:
        Damaged: It is not what was written.
        EnvironmentFault: It cannot be read.
    """
    try:
        data = read_file(f"{folder}/{name}")
    except FileNotFoundError:
        raise Damaged(f"{name} is missing") from None
    if sha256(data) != digest:
        raise Damaged(f"{name} does not match its checksum")
    return data


@lru_cache(maxsize=64)
def _environment(data: bytes) -> Mapping[str, Any]:
    """Read an environment, which runs of one machine share."""
    document = parse(data)
    if not isinstance(document, dict) or not numbers_fit_64_bits(document):
        raise Damaged(f"{ENVIRONMENT}: unreadable: not an object of ordinary values")
    return document


def commit_bytes(cell: Cell, result: Result, files: Mapping[str, bytes]) -> bytes:
    """Return the content of ``result.json``: its presence is the commit of a run."""
    document = {
        "format": 1,
        "cell": cell.to_json(),
        "result": asdict(result),
        "files": {
            name: {"sha256": sha256(data), "bytes": len(data)} for name, data in files.items()
        },
    }
    return seal(document)


def read_commit(folder: Path, unread: Unread | None = None) -> Commit:
    """Return the commit of the run in a folder.

    Args:
        folder: The run's.
        unread: Counts the keys that a newer version wrote.

    Raises:
        Damaged: It is not what was written.
        EnvironmentFault: It cannot be read, which says nothing of what is in it.
        FileNotFoundError: The run is not finished.
    """
    document = read_sealed(_Document, read_document(f"{folder}/{FILE}"), unread)
    return Commit(folder=folder, cell=document.cell, result=document.result, files=document.files)
