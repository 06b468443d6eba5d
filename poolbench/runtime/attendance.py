"""Which commands attend a session: each keeps a file in its folder while it lives.

``<host>.<pid>.alive``. On its own machine a process can be asked for; from another one, only the
time of its file tells, which the command renews.
"""

from __future__ import annotations

import os
import platform
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RENEWED_S = 20.0
SILENT_S = 300.0
"""Seconds after which a command on another machine counts as dead."""

_SUFFIX = ".alive"
SESSION_NAME = re.compile(r"(?P<host>.+)-(?P<pid>\d+)-[0-9a-f]{8}")


@contextmanager
def attending(folder: Path) -> Iterator[None]:
    """Say that this process attends a session, as long as the context lasts."""
    file = _file(folder)
    with suppress(OSError):
        file.touch()
    is_over = threading.Event()
    renewing = threading.Thread(target=_renew, args=(file, is_over), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        is_over.set()
        renewing.join()
        with suppress(OSError):
            file.unlink()


def _renew(file: Path, is_over: threading.Event) -> None:
    while not is_over.wait(RENEWED_S):
        with suppress(OSError):  # the folder is gone, or its disk for a moment
            os.utime(file)


def is_attended(folder: Path, *, silent_s: float = SILENT_S, by_others: bool = False) -> bool:
    """Whether a command attends a session, as far as this machine can tell.

    Args:
        folder: The session's folder.
        silent_s: Seconds after which a command on another machine counts as dead.
        by_others: Whether this process does not count.
    """
    mine = _file(folder)
    for host, pid, seen_s in _attendants(folder, but=mine if by_others else None):
        if host == platform.node():
            if _is_alive(pid):
                return True
        elif _now_s(folder) - seen_s < silent_s:
            return True
    return False


def _now_s(folder: Path) -> float:
    """Return the time by the clock that marks the files of a folder, which machines share.

    Theirs may differ, and step.
    """
    try:
        # Beside it: the folder's own time is a sign of life.
        with tempfile.TemporaryFile(dir=folder.parent) as new:
            return os.fstat(new.fileno()).st_mtime
    except OSError:  # nothing can be written there, as in a copy to look at
        return time.time()


def _attendants(folder: Path, but: Path | None) -> Iterator[tuple[str, int, float]]:
    """Yield machine, process id and time of the last sign of every command."""
    files = list(folder.glob(f"*{_SUFFIX}"))
    for file in files:
        host, _, pid = file.name.removesuffix(_SUFFIX).rpartition(".")
        with suppress(FileNotFoundError):
            if file != but and pid.isdigit():
                yield host, int(pid), file.stat().st_mtime
    # A session that is just beginning, or of an older version, tells its command by its name.
    named = SESSION_NAME.fullmatch(folder.name)
    if named and not files:
        with suppress(FileNotFoundError):
            yield named["host"], int(named["pid"]), folder.stat().st_mtime


def _file(folder: Path) -> Path:
    return folder / f"{platform.node()}.{os.getpid()}{_SUFFIX}"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OverflowError:  # no number of a process
        return False
    return True
