"""The user's cache folder: what is in it can always be made again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import platformdirs


def cache_folder() -> Path:
    """Return ``$POOLBENCH_CACHE``, or else the platform's folder for caches."""
    named = os.environ.get("POOLBENCH_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("poolbench")


def write_atomic(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Put a whole file at ``path``, or none: temporary file beside it, fsync, rename.

    Args:
        path: Where the file goes; its folder is made.
        write: Writes the content to the open file it is given.

    Raises:
        OSError: The folder cannot be written; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
