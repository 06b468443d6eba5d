"""Writing the store's files, with messages and advice when the disk fails."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from poolbench.core.atomic import sync_folder, write_whole
from poolbench.core.errors import EnvironmentFault

_SMALL = 1 << 16
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


def write_folder(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write a new folder that nobody reads yet; when it returns, all of it is on disk.

    Args:
        folder: Created; its parents too.
        files: Paths within it and their contents, taken one at a time.

    Raises:
        EnvironmentFault: The disk is full, or the folder cannot be written; what was written is
            deleted.
        Damaged, or whatever else taking a file raises; what was written is deleted too.
    """
    folders = {folder}
    try:
        with explaining_disk_faults(folder):
            folder.mkdir(parents=True)
            for name, data in files:
                path = folder / name
                if path.parent not in folders:
                    path.parent.mkdir(parents=True)
                    folders.add(path.parent)
                with path.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            for each in folders:
                sync_folder(each)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def move_folder(source: Path, target: Path) -> bool:
    """Rename a folder, unless there is one at its new path; what is there stays as it is.

    A file system needs nothing for it but an atomic ``rename`` that refuses a folder with files in
    it, as POSIX demands: no hard links, and no lock.

    Returns:
        Whether it was renamed.

    Raises:
        EnvironmentFault: Neither the one nor the other: the disk is broken, for instance.
    """
    with explaining_disk_faults(target):
        inode = source.stat().st_ino
        try:
            source.rename(target)
        except OSError as error:
            # NFS asks again when an answer is lost, and is then told that the source is gone.
            if not (target.exists() and target.stat().st_ino == inode):
                if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:
                    return False
                raise
        sync_folder(target.parent)
    return True


def append_line(path: Path, line: str) -> None:
    """Append one line in one write; a reader ignores a torn last line.

    Raises:
        EnvironmentFault: The disk is full, or the file cannot be written.
    """
    with explaining_disk_faults(path), path.open("ab") as file:
        file.write(line.encode())


def read_small(path: str) -> bytes:
    """Return a file's content: asked of 10^5 small files, of which ``open`` takes twice as long.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = os.read(descriptor, _SMALL)
        while more := os.read(descriptor, _SMALL):
            data += more
    finally:
        os.close(descriptor)
    return data


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
