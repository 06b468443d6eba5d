"""SHA-256 of files, remembered in the user's cache: a file is hashed again only if it changed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from poolbench.core.atomic import write_whole
from poolbench.core.document import Damaged, parse
from poolbench.core.regular_file import read_regular, sha256_of_file
from poolbench.core.user_cache import cache_folder
from poolbench.data.unreadable import unreadable_pictures

_LOGGER = logging.getLogger("poolbench.data")

TRUSTED = "path, size, times of modification and of change, and inode"
"""What must be as it was for a remembered hash to be used."""

# A file may change twice within a tick of its file system's clock (2 s on the coarsest), and show
# the same times: hashes of files that changed just now are not remembered.
_SETTLED_NS = 2_000_000_000


def memory_folder() -> Path:
    """Return the folder of remembered hashes: a file for each folder that was hashed."""
    return cache_folder() / "pictures"


def hash_files(base: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of files.

    Args:
        base: A folder above all of them; their hashes are remembered under its name.
        paths: The files.

    Returns:
        Hexadecimal digits by path relative to ``base``, in the order of ``paths``.

    Raises:
        EnvironmentFault: Files cannot be read; all of them are named.
    """
    name = hashlib.sha256(os.fsencode(base.resolve())).hexdigest()[:16]
    memory = memory_folder() / f"{name}.json"
    known = _recall(memory)
    hashes: dict[str, str] = {}
    remembered: dict[str, str] = {}
    unreadable = []
    for path in paths:
        relative = path.relative_to(base).as_posix()
        try:
            status = path.stat()
            state = f"{relative} {_state(status)}"
            hashes[relative] = known.get(state) or sha256_of_file(path)
        except (OSError, Damaged) as error:
            unreadable.append((path, getattr(error, "strerror", None) or str(error)))
            continue
        if state in known or time.time_ns() - status.st_ctime_ns > _SETTLED_NS:
            remembered[state] = hashes[relative]
    if remembered != known:
        with suppress(OSError):  # without the cache, the files are hashed each time
            memory.parent.mkdir(parents=True, exist_ok=True)
            write_whole(memory, lambda file: file.write(json.dumps(remembered).encode()))
    if unreadable:
        raise unreadable_pictures(unreadable)
    return hashes


def _state(status: os.stat_result) -> str:
    # `cp -p`, `rsync -a`, tar and unzip set the time of modification; none can set that of change.
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _recall(memory: Path) -> dict[str, str]:
    try:
        return dict(parse(read_regular(memory)))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        _LOGGER.warning("%s is damaged (%s): hashing the pictures again", memory, error)
        return {}
