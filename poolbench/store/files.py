"""Writing the store's files, with messages and advice when the disk fails."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poolbench.core.atomic import write_whole
from poolbench.core.errors import EnvironmentFault

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def explaining_disk_faults(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` from writing below ``path`` into a message and advice.

    Raises:
        EnvironmentFault: The disk is full, the store read-only, or the device broken.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            message = f"no space left to write {path}"
            hint = "finished cells are safe: free some space and run the same command again"
        elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            message = f"cannot write {path}: {os.strerror(error.errno)}"
            hint = "name a writable folder with --store (or POOLBENCH_STORE)"
        else:
            message, hint = f"cannot write {path}: {error}", ""
        raise EnvironmentFault(message, hint) from error


def write_atomic(path: Path, data: bytes) -> None:
    """Replace a file's content atomically.

    Raises:
        EnvironmentFault: The disk is full, or the folder cannot be written; the old file stays.
    """
    with explaining_disk_faults(path):
        write_whole(path, lambda file: file.write(data))


def append_line(path: Path, line: str) -> None:
    """Append one line in one write; a reader ignores a torn last line.

    Raises:
        EnvironmentFault: The disk is full, or the file cannot be written.
    """
    with explaining_disk_faults(path), path.open("ab") as file:
        file.write(line.encode())


def remove_file(path: Path) -> None:
    """Delete a file if it exists.

    Raises:
        EnvironmentFault: It cannot be deleted.
    """
    with explaining_disk_faults(path):
        path.unlink(missing_ok=True)


def remove_tree(folder: Path) -> None:
    """Delete a folder and its content.

    Raises:
        EnvironmentFault: It cannot be deleted.
    """
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EnvironmentFault(f"cannot delete {folder}: {error}") from error
