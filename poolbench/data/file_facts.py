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
    """What was found of a few files: their facts, those to remember, and what cannot be read."""

    facts: dict[str, bytes]
    fresh: list[tuple[str, str, bytes]]
    unreadable: list[tuple[Path, str]]


def facts_of(base: Path, paths: Iterable[Path], kind: Kind) -> Iterator[tuple[str, bytes]]:
    """Yield the path of each file, relative to a folder, and a fact of it.

    Whoever watches is told how far it is.

    Args:
        base: A folder above all of them; the facts are remembered under its name.
        paths: The files.
        kind: What is to be found.

    Yields:
        Path and fact, in the order of ``paths``.

    Raises:
        EnvironmentFault: Files cannot be read; all of them are named, after the last one.
    """
    everything = list(paths)
    unreadable: list[tuple[Path, str]] = []
    pace = Pace(0, len(everything), current_watcher(), doing=kind.doing, unit=kind.unit)
    relative = _relative_to(base)
    pool = ThreadPoolExecutor(min(2 * count_cores(), _MOST_THREADS))
    try:
        with FileMemory(base, kind.name) as memory:
            for chunk in _in_parts(everything, _REMEMBERED_AT_ONCE):
                named = [(path, relative(path)) for path in chunk]
                look = _Look(kind, memory.recall([name for _, name in named]))
                fresh = []
                for found in pool.map(look, _in_parts(named, kind.for_a_thread)):
                    yield from found.facts.items()
                    fresh += found.fresh
                    unreadable += found.unreadable
                    pace.count(len(found.facts) + len(found.unreadable))
                memory.remember(fresh)
            memory.keep_only(map(relative, everything), len(everything))
    finally:
        pool.shutdown(cancel_futures=True)
    if unreadable:
        raise kind.refusal(unreadable)


@dataclass(frozen=True)
class _Look:
    """Looks at files, and finds what is not known of them."""

    kind: Kind
    known: Known

    def __call__(self, files: Iterable[tuple[Path, str]]) -> _Found:
        found = _Found({}, [], [])
        for path, name in files:
            try:
                status = os.stat(path)  # noqa: PTH116 - of a million files, ``Path.stat`` is felt
                state = _state(status)
                before, fact = self.known.get(name, ("", b""))
                if before != state:
                    fact = self.kind.find(path)
                    if time.time_ns() - status.st_ctime_ns > _SETTLED_NS:
                        found.fresh.append((name, state, fact))
            except (OSError, Damaged) as error:
                reason = getattr(error, "strerror", None) or str(error)
                found.unreadable.append((path, reason))
            else:
                found.facts[name] = fact
        return found


def _state(status: os.stat_result) -> str:
    # `cp -p`, `rsync -a`, tar and unzip set the time of modification; none can set that of change.
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _relative_to(base: Path) -> Callable[[Path], str]:
    """Return what cuts a folder off paths, faster than ``Path.relative_to``."""
    start = len(str(base / "x")) - 1

    def relative(path: Path) -> str:
        name = str(path)[start:]
        return name.replace(os.sep, "/") if os.sep != "/" else name

    return relative


def _in_parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while part := list(islice(left, size)):
        yield part
