"""Operations that end at any one of their calls to the file system: killed, or refused by the disk.

Nothing here is slow or random: the operation is done anew for its first call, its second, ...
"""

from __future__ import annotations

import errno
import io
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pytest

from poolbench.core.errors import EnvironmentFault

End = Literal["killed", "refused"]

_CALLS = ("fsync", "replace", "rename", "link", "unlink", "mkdir", "rmdir")


class Killed(BaseException):
    """The process is gone."""


@contextmanager
def ending_after(calls: int, end: End) -> Iterator[list[None]]:
    """Let so many calls to the file system do their work, and not the one after them.

    Opening to read is no such call: it changes nothing.

    Args:
        calls: How many.
        end: ``killed`` fails every later call too, those of a clean-up included, because a dead
            process makes none; ``refused`` fails one call as a broken disk does.

    Yields:
        A list that is empty until a call has failed.
    """
    counter = itertools.count()
    failed: list[None] = []

    def is_due() -> bool:
        number = next(counter)
        if end == "killed" and number > calls:
            raise Killed
        return number == calls

    def fail() -> None:
        failed.append(None)
        if end == "killed":
            raise Killed
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def guard(*arguments: Any, **options: Any) -> Any:
            if is_due():
                fail()
            return call(*arguments, **options)

        return guard

    real_open, real_descriptor = io.open, os.open

    def guarded_descriptor(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and is_due():
            fail()
        return real_descriptor(path, flags, *arguments, **options)

    def guarded_open(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        # A descriptor was counted when it was opened.
        if not isinstance(file, int) and set(mode) & set("wax+") and is_due():
            real_open(file, mode).close()  # opened to be written, a file is already empty
            fail()
        return real_open(file, mode, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in _CALLS:
            patch.setattr(os, name, guarded(getattr(os, name)))
        patch.setattr(os, "open", guarded_descriptor)
        patch.setattr(io, "open", guarded_open)
        yield failed


def each_end(
    folder: Path, end: End, prepare: Callable[[Path], None], operate: Callable[[Path], None]
) -> Iterator[Path]:
    """Yield where the next process finds the store, for every call that an operation can end at.

    Args:
        folder: Holds one store for each call.
        end: How it ends.
        prepare: Brings the store at a path to where the operation starts.
        operate: Does the operation to it; the last time undisturbed, which is not yielded.
    """
    for calls in itertools.count():
        path = folder / str(calls)
        prepare(path)
        with ending_after(calls, end) as failed, suppress(Killed, EnvironmentFault):
            operate(path)
        if not failed:
            return
        yield path


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path, but locks and what is being written."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "locks"
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
