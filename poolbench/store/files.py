"""Writing the store's files, with messages and advice when the disk fails."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from poolbench.core.atomic import sync_folder, write_whole
from poolbench.core.errors import EnvironmentFault
from poolbench.core.limits import advice_on_limit
from poolbench.core.regular_file import read_regular
from poolbench.store.marker import is_store

_LARGEST_DOCUMENT = 1 << 30
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
            message, hint = f"cannot write {path}: {error}", advice_on_limit(error)
        raise EnvironmentFault(message, hint) from error


def refuse_links(path: Path, *, itself: bool = False) -> None:
    """Check that nothing between a store and a path in it is a link to a place elsewhere.

    A store may come from anywhere; what it links to is not its own to change or delete.

    Args:
        path: What will be written or deleted.
        itself: Whether it must not be a link either.

    Raises:
        EnvironmentFault: A folder on the way is a link.
    """
    between: list[Path] = [path] if itself else []
    for folder in path.parents:
        if is_store(folder):
            for link in between:
                if link.is_symlink():
                    raise EnvironmentFault(
                        f"{link} is a symbolic link, and nothing is written through one",
                        "replace it by what it links to, or place the whole store there",
                    )
            return
        between.append(folder)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace a file's content atomically.

    Raises:
        EnvironmentFault: The disk is full, or the folder cannot be written; the old file stays.
    """
    refuse_links(path)
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
    refuse_links(folder)
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
    refuse_links(target)
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
    """Append one line in one write. One that a killed writer tore before it stays torn, alone.

    Raises:
        EnvironmentFault: The disk is full, or the file cannot be written.
    """
    refuse_links(path, itself=True)
    # Neither what a link leads to is written, nor a pipe's reader waited for.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    with explaining_disk_faults(path):
        descriptor = os.open(path, flags, 0o666)
        with open(descriptor, "ab") as file:  # noqa: PTH123 - a path would follow a link
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(errno.ENXIO, "not a file")
            is_torn = facts.st_size and os.pread(descriptor, 1, facts.st_size - 1) != b"\n"
            file.write((b"\n" if is_torn else b"") + line.encode())


def read_document(path: Path | str) -> bytes:
    """Return the content of a document, which is never large: see :func:`read_file`."""
    return read_file(path, at_most=_LARGEST_DOCUMENT)


def read_file(path: Path | str, *, at_most: int | None = None) -> bytes:
    """Return the content of a file.

    Args:
        path: The file.
        at_most: Largest size, in bytes, that such a file can have; ``None`` for any.

    Raises:
        Damaged: It is a folder, a pipe or a device, or too large.
        EnvironmentFault: It cannot be read, which says nothing of what is in it.
        FileNotFoundError: There is none.
    """
    try:
        return read_regular(path, at_most=at_most)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from None
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path | str, error: OSError) -> EnvironmentFault:
    """Return the error of what is there and cannot be read."""
    return EnvironmentFault(
        f"cannot read {path}: {error.strerror}",
        advice_on_limit(error) or "make it readable, or move its folder away",
    )


def remove_file(path: Path) -> None:
    """Delete a file if it exists.

    Raises:
        EnvironmentFault: It cannot be deleted.
    """
    refuse_links(path)
    with explaining_disk_faults(path):
        path.unlink(missing_ok=True)


def remove_tree(folder: Path) -> None:
    """Delete a folder and its content; of a link to a folder, the link alone.

    Raises:
        EnvironmentFault: It cannot be deleted.
    """
    refuse_links(folder)
    if folder.is_symlink():
        remove_file(folder)
        return
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EnvironmentFault(f"cannot delete {folder}: {error}") from error
