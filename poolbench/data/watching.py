"""Who is told how far the reading of a data set's files is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from poolbench.data.pictures.progress import Unwatched, Watcher

# Files are read deep inside `find`, whose signature plug-ins share: it has no place for a watcher.
_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Tell a watcher how far the reading of files is, as long as this lasts."""
    before = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(before)


def current_watcher() -> Watcher:
    """Return who watches now; nobody, if nothing was said."""
    return _WATCHER.get() or Unwatched()
