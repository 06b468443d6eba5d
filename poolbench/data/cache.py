"""A cache of decoded data sets: each is decoded once, and workers share its memory pages.

There is one folder per data set: four ``.npy`` files, and ``index.json`` with the SHA-256 of each,
written last. Two processes that fill the same folder write the same bytes, so no lock is needed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from poolbench.core.atomic import write_whole
from poolbench.core.document import read_as
from poolbench.core.named import Named
from poolbench.core.regular_file import read_regular, sha256_of_file
from poolbench.core.user_cache import cache_folder
from poolbench.data.arrays import PARTS, Arrays

_LOGGER = logging.getLogger("poolbench.data")
_INDEX = "index.json"
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class _Index:
    """What is in an entry."""

    sha256: Mapping[str, str]
    classes: tuple[str, ...]


def cached(source: Named, checksum: str, decode: Callable[[], Arrays]) -> Arrays:
    """Return a data set from the cache; decode it first if it is missing or damaged.

    Pictures of any size have a cache of their own: see ``poolbench.data.pictures``.

    Args:
        source: The data set.
        checksum: Checksum of its content; other content is another entry.
        decode: Returns the decoded arrays.

    Returns:
        Arrays mapped copy-on-write from the cache; in memory if the cache cannot be written.
    """
    folder = arrays_folder() / _key(source, checksum)
    if (arrays := _read(folder)) is not None:
        return arrays
    decoded = decode()
    try:
        _write(folder, decoded)
    except OSError as error:
        _LOGGER.info("working without a cache: %s", error)
        return decoded
    return _read(folder) or decoded


def arrays_folder() -> Path:
    """Return the folder of all entries."""
    return cache_folder() / "arrays"


def _key(source: Named, checksum: str) -> str:
    identity = [_VERSION, source.name, source.revision, dict(source.options), checksum]
    if source.plugin is not None:
        identity.append(source.plugin.identity)
    text = json.dumps(identity, sort_keys=True)
    return f"{source.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _read(folder: Path) -> Arrays | None:
    try:
        index = read_as(_Index, read_regular(folder / _INDEX))
        for part in PARTS:
            if sha256_of_file(folder / f"{part}.npy") != index.sha256.get(part):
                raise ValueError(f"{part}.npy is not what was written")
        # Copy-on-write, because torch needs writable memory: the file never changes, and pages
        # that nobody writes to are shared by all workers.
        mapped = {part: np.load(folder / f"{part}.npy", mmap_mode="c") for part in PARTS}
        return Arrays(**mapped, classes=index.classes)
    except FileNotFoundError as error:
        if (folder / _INDEX).exists():
            _LOGGER.warning("%s is damaged (%s): decoding the data set again", folder, error)
        return None
    except (OSError, ValueError, TypeError) as error:
        _LOGGER.warning("%s is damaged (%s): decoding the data set again", folder, error)
        return None


def _write(folder: Path, arrays: Arrays) -> None:
    sha256 = {}
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        path = folder / f"{part}.npy"
        write_whole(path, partial(np.save, arr=getattr(arrays, part), allow_pickle=False))
        sha256[part] = sha256_of_file(path)
    index = json.dumps({"sha256": sha256, "classes": arrays.classes}).encode()
    write_whole(folder / _INDEX, lambda file: file.write(index))
