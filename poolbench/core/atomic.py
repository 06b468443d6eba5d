"""Atomic writes: after a crash, and for readers, a file holds the old bytes or the new ones."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Replace a file: temporary file beside it, fsync, rename, fsync of the folder.

    Args:
        path: Where the file goes; its folder exists.
        write: Writes the content to the open file it is given.

    Raises:
        OSError: The disk is full or the folder cannot be written; the old file is unchanged.
    """
    # Not tempfile: its files are private to the owner; a report or store follows the umask.
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
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
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on disk.

    Raises:
        OSError: The folder cannot be read.
    """
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
