"""A fact of each file, found by threads and remembered until the file changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from poolbench.core.cores import count_cores
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.data.file_memory import FileMemory, Known
from poolbench.data.pictures.progress import Pace
from poolbench.data.unreadable import unreadable_pictures
from poolbench.data.watching import current_watcher

TRUSTED = "path, size, times of modification and of change, and inode"
"""What must be as it was for a remembered fact to be used."""

# A file may change twice within a tick of its file system's clock (2 s on the coarsest), and show
# the same times: facts of files that changed just now are not remembered.
_SETTLED_NS = 2_000_000_000
_REMEMBERED_AT_ONCE = 10_000  # a kill loses what was found since the last so many
_MOST_THREADS = 16  # network file systems answer many at a time; more gain nothing

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is found of files.

    Args:
        name: Its name in the user's cache.
        find: Returns the fact of a file, in any thread; raises ``OSError`` or ``Damaged``.
        doing: What is done meanwhile, for whoever watches.
        unit: What a file holds: ``pictures`` or ``files``.
        for_a_thread: Number of files that a thread takes at a time: 1 for large ones.
        refusal: Returns the error of files that cannot be read.
    """

    name: str
    find: Callable[[Path], bytes]
    doing: str
    unit: str = "pictures"
    for_a_thread: int = 100
    refusal: Callable[[Sequence[tuple[Path, str]]], EnvironmentFault] = unreadable_pictures


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of a file now; ``fact`` is ``None`` if it cannot be read."""

    path: Path
    name: str
    state: str
    fact: bytes | None
    reason: str = ""
    is_to_remember: bool = False


def facts_of(base: Path, paths: Iterable[Path], kind: Kind) -> dict[str, bytes]:
    """Return a fact of each file. Whoever watches is told how far it is.

    Args:
        base: A folder above all of them; the facts are remembered under its name.
        paths: The files.
        kind: What is to be found.

    Returns:
        The facts by path relative to ``base``, in the order of ``paths``.

    Raises:
        EnvironmentFault: Files cannot be read; all of them are named.
    """
    everything = list(paths)
    facts: dict[str, bytes] = {}
    unreadable: list[tuple[Path, str]] = []
    pace = Pace(0, len(everything), current_watcher(), doing=kind.doing, unit=kind.unit)
    pool = ThreadPoolExecutor(min(2 * count_cores(), _MOST_THREADS))
    try:
        with FileMemory(base, kind.name) as memory:
            for chunk in _in_parts(everything, _REMEMBERED_AT_ONCE):
                named = [(path, path.relative_to(base).as_posix()) for path in chunk]
                look = _Look(kind, memory.recall([name for _, name in named]))
                fresh = []
                for part in pool.map(look, _in_parts(named, kind.for_a_thread)):
                    for found in part:
                        if found.fact is None:
                            unreadable.append((found.path, found.reason))
                            continue
                        facts[found.name] = found.fact
                        if found.is_to_remember:
                            fresh.append((found.name, found.state, found.fact))
                    pace.count(len(part))
                memory.remember(fresh)
            memory.keep_only(facts)
    finally:
        pool.shutdown(cancel_futures=True)
    if unreadable:
        raise kind.refusal(unreadable)
    return facts


@dataclass(frozen=True)
class _Look:
    """Looks at files, and finds what is not known of them."""

    kind: Kind
    known: Known

    def __call__(self, files: Iterable[tuple[Path, str]]) -> list[_Found]:
        return [self._found(path, name) for path, name in files]

    def _found(self, path: Path, name: str) -> _Found:
        try:
            status = path.stat()
            state = _state(status)
            before, fact = self.known.get(name, ("", b""))
            if before == state:
                return _Found(path, name, state, fact)
            fact = self.kind.find(path)
        except (OSError, Damaged) as error:
            return _Found(path, name, "", None, getattr(error, "strerror", None) or str(error))
        is_settled = time.time_ns() - status.st_ctime_ns > _SETTLED_NS
        return _Found(path, name, state, fact, is_to_remember=is_settled)


def _state(status: os.stat_result) -> str:
    # `cp -p`, `rsync -a`, tar and unzip set the time of modification; none can set that of change.
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _in_parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while part := list(islice(left, size)):
        yield part
