"""The user's cache folder: everything in it can be recreated."""

from __future__ import annotations

import functools
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

import platformdirs

_OTHERS = 0o077


def cache_folder() -> Path:
    """Return ``$POOLBENCH_CACHE``, or the platform's cache folder.

    A user without a home has one in the folder of temporary files.
    """
    named = os.environ.get("POOLBENCH_CACHE")
    if named:
        return Path(named)
    found = platformdirs.user_cache_path("poolbench")
    return found if found.is_absolute() else _without_home()


@functools.cache
def _without_home() -> Path:
    temporary = Path(tempfile.gettempdir())
    try:
        return private_folder(temporary / f"poolbench-{os.geteuid()}")
    except OSError:  # another user was there first, or nothing can be written
        return Path(tempfile.mkdtemp(prefix="poolbench-"))


def private_folder(folder: Path) -> Path:
    """Return a folder that nobody else can write in or read; created if missing.

    Raises:
        OSError: It cannot be created, is a link, or belongs to another user.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "nt":  # a user's profile is private there
        return folder
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(f"{folder} is a link")
    if found.st_uid != os.geteuid():
        raise OSError(f"{folder} belongs to another user")
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        folder.chmod(0o700)
    return folder


def is_private(file: Path) -> bool:
    """Whether a file is this user's, no link, and nobody else can have written it."""
    try:
        found = file.lstat()
    except OSError:
        return False
    if os.name == "nt":
        return True
    is_own = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
    return is_own and not stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)


def size_of(folder: Path) -> int:
    """Return the size of all files below a folder, in bytes; what is deleted meanwhile counts 0."""
    size = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            size += path.lstat().st_size if path.is_file() else 0
    return size
