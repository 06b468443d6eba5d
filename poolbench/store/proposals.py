"""Proposals of searches that took long to draw: a cache in a store.

    proposals.jsonl    one line per batch: its key, the values drawn, and their sha256

Deleted, it is drawn again. Whether a recipe was evaluated is known by the runs alone.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from pathlib import Path

from poolbench.core.document import Damaged, parse
from poolbench.store.files import append_line, read_document

FILE = "proposals.jsonl"
_Batch = Sequence[Mapping[str, float]]


class ProposalCache(MutableMapping[str, _Batch]):
    """Batches of draws by key. Lines that are not as they were written count for nothing.

    Args:
        folder: The store's folder.
        is_writable: Whether new batches are written down, and not only remembered.
    """

    def __init__(self, folder: Path, *, is_writable: bool) -> None:
        self._path = folder / FILE
        self._is_writable = is_writable
        self._batches: dict[str, _Batch] = {}
        with suppress(FileNotFoundError, Damaged):
            for line in read_document(self._path).splitlines():
                if (read := _read(line)) is not None:
                    key, batch = read
                    self._batches[key] = batch

    def __getitem__(self, key: str) -> _Batch:
        return self._batches[key]

    def __setitem__(self, key: str, batch: _Batch) -> None:
        self._batches[key] = batch
        if self._is_writable:
            append_line(self._path, f"{json.dumps([key, batch, _checksum(key, batch)])}\n")

    def __delitem__(self, key: str) -> None:
        raise TypeError("a proposal is kept: delete the file to forget all")

    def __iter__(self) -> Iterator[str]:
        return iter(self._batches)

    def __len__(self) -> int:
        return len(self._batches)


def _read(line: bytes) -> tuple[str, _Batch] | None:
    """Return key and batch of a line; ``None`` of one that was cut off, changed or not ours."""
    try:
        document = parse(line)
    except Damaged:
        return None
    if not isinstance(document, list) or len(document) != 3:
        return None
    key, batch, checksum = document
    is_whole = isinstance(key, str) and isinstance(batch, list) and all(map(_is_draw, batch))
    if not is_whole or checksum != _checksum(key, batch):
        return None
    return key, batch


def _is_draw(draw: object) -> bool:
    return isinstance(draw, dict) and all(
        isinstance(value, float) and math.isfinite(value) for value in draw.values()
    )


def _checksum(key: str, batch: _Batch) -> str:
    return hashlib.sha256(json.dumps([key, batch]).encode()).hexdigest()
