"""The lock of a cell: the kernel's, so it ends with the process that holds it.

It only saves work: who holds it trains the cell, and others take another one. Results do not depend
on it, because the first run to arrive stays (see ``arrival``), and a lock does not hold everywhere:
its file can be deleted, and some file systems keep a machine's locks to the machine.
"""

from __future__ import annotations

import errno
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

from filelock import BaseFileLock, FileLock, Timeout

from poolbench.core.errors import EnvironmentFault
from poolbench.store.files import explaining_disk_faults, refuse_links

LockTrial = Literal["exclusive", "granted twice", "unsupported"]

_REFUSED = 3
_SECOND_PROCESS = f"""\
import sys
from filelock import FileLock, Timeout
try:
    FileLock(sys.argv[1], timeout=0).acquire()
except Timeout:
    sys.exit({_REFUSED})
"""


def acquire(path: Path) -> BaseFileLock | None:
    """Take a lock; return ``None`` if another process holds it.

    Args:
        path: The lock's file, created if missing; its folder exists.

    Raises:
        EnvironmentFault: The file cannot be written.
    """
    refuse_links(path, itself=True)
    lock = FileLock(path, timeout=0)
    with explaining_disk_faults(path):
        try:
            lock.acquire()
        except Timeout:
            return None
    return lock


def try_locks(path: Path) -> LockTrial:
    """Take a lock and have a second process of this machine try to take it too.

    Args:
        path: A file for the trial, created if missing.

    Returns:
        ``unsupported`` if the file system has no ``flock``: locks are then files that a killed
        process leaves behind.

    Raises:
        EnvironmentFault: The file cannot be written, or the second process does not work.
    """
    refuse_links(path, itself=True)
    if not _has_flock(path):
        return "unsupported"
    with FileLock(path, timeout=0, is_singleton=False):
        command = [sys.executable, "-c", _SECOND_PROCESS, str(path)]
        second = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if second.returncode not in (0, _REFUSED):
        raise EnvironmentFault(f"cannot try the lock {path}: {second.stderr.strip()[-200:]}")
    return "exclusive" if second.returncode == _REFUSED else "granted twice"


def _has_flock(path: Path) -> bool:
    with suppress(ImportError), explaining_disk_faults(path), path.open("ab") as file:
        import fcntl  # Windows locks in another way, which holds

        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in {errno.ENOSYS, errno.ENOTSUP}:
                return False
            if error.errno not in {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK}:
                raise
    return True
