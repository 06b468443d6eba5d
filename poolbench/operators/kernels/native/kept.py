"""Libraries kept in the user's cache, from which code is run: only what we wrote there, unharmed.

A library's name ends with the SHA-256 of its bytes. So one rename brings both, two processes may
build the same at once, and a name never gets other bytes while somebody has the file mapped. A
damaged one, which would end the process with a bus error, is not loaded but built again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from poolbench.core.atomic import write_whole
from poolbench.core.user_cache import cache_folder, is_private, private_folder

_LOGGER = logging.getLogger("poolbench.operators")
_SUFFIX = ".so"


def find(name: str) -> Path | None:
    """Return the kept library of a name; ``None`` if there is none. Damaged ones are deleted.

    Raises:
        OSError: The folder cannot be used.
    """
    for path in sorted(_folder().glob(f"{name}-*{_SUFFIX}")):
        if is_private(path) and _digest(path.read_bytes()) == path.stem.rpartition("-")[2]:
            return path
        _LOGGER.warning("%s is damaged or not ours: building it again", path)
        with suppress(FileNotFoundError):  # another process has seen it too
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return None


def keep(name: str, data: bytes) -> Path:
    """Keep the bytes of a library; return its path.

    Raises:
        OSError: The folder cannot be used, or the disk is full.
    """
    path = _folder() / f"{name}-{_digest(data)}{_SUFFIX}"

    def write(file: BinaryIO) -> None:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)

    write_whole(path, write)
    return path


def _folder() -> Path:
    return private_folder(cache_folder() / "kernels")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
