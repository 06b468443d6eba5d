"""The checksum of a data set's content, found without torch where files suffice."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from contextlib import suppress
from pathlib import Path

from poolbench.core.atomic import write_whole
from poolbench.core.cell import Named
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.user_cache import cache_folder
from poolbench.data import DATASETS
from poolbench.data.data_files import FoundFiles

_LOGGER = logging.getLogger("poolbench.data")


def fingerprint(source: Named, root: Path | None) -> str:
    """Return the checksum of a data set's content.

    If the catalogue has one, no file is read. If the entry finds files, it is the SHA-256 of their
    paths and contents; the hash of a file with the same size and modification time is cached.
    Otherwise the images are read, and it is the SHA-256 of them.

    Args:
        source: The data set.
        root: Folder of data sets; ``None`` if the user named none.

    Raises:
        EnvironmentFault: Files are missing or not laid out as expected.
        BadInput: The reader of a plug-in returns something other than images.
    """
    entry = DATASETS[source.name]
    if entry.checksum:
        return entry.checksum
    if entry.find:
        return _of_files(DATASETS.resolve(source.name, "find")(source, root))
    return _of_images(source, root)


def _of_images(source: Named, root: Path | None) -> str:
    from poolbench.data.arrays import Arrays

    read = DATASETS.resolve(source.name)
    try:
        arrays = read(root=root, download=False, **source.options)
    except OSError as error:
        raise EnvironmentFault(f"cannot read the data set '{source.name}': {error}") from error
    if not isinstance(arrays, Arrays):
        raise BadInput(
            f"the reader of the data set '{source.name}' returned a {type(arrays).__name__}",
            "let it return poolbench.data.arrays.Arrays",
        )
    return arrays.digest()


def _of_files(files: FoundFiles) -> str:
    name = hashlib.sha256(os.fsencode(files.base.resolve())).hexdigest()[:16]
    memory = cache_folder() / "pictures" / f"{name}.json"
    known = _recall(memory)
    digest, hashes = hashlib.sha256(), {}
    for path in files:
        status, relative = path.stat(), path.relative_to(files.base).as_posix()
        state = f"{relative} {status.st_size} {status.st_mtime_ns}"
        hashes[state] = known.get(state) or _sha256(path)
        # Names are bytes: those in an old archive may not be UTF-8.
        digest.update(os.fsencode(f"{hashes[state]}  {relative}\n"))
    if hashes != known:
        with suppress(OSError):  # without the cache, the files are hashed each time
            memory.parent.mkdir(parents=True, exist_ok=True)
            write_whole(memory, lambda file: file.write(json.dumps(hashes).encode()))
    return digest.hexdigest()


def _recall(memory: Path) -> dict[str, str]:
    try:
        return dict(json.loads(memory.read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        _LOGGER.warning("%s is damaged (%s): hashing the pictures again", memory, error)
        return {}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
