"""Files that killed processes left in a store and that nothing needs."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path

from poolbench.store.attempts import ATTEMPTS, FAILURE
from poolbench.store.measurements import FOLDER as PROBES
from poolbench.store.places import QUARANTINE, RUNS, STAGING, UNFINISHED
from poolbench.store.store import Store
from poolbench.store.writer import checkpoints

_TEMPORARY = ".*.????????"  # as ``core.atomic`` names what it writes
_CERTAINLY_DEAD_S = 86_400.0  # a temporary file exists only while it is written


def leftovers(store: Store) -> Iterator[Path]:
    """Yield what killed writers left: temporary files, half a run, notes of finished work.

    Quarantined runs are included; sessions are not: the caller knows which processes live
    (``Store.session_folders``).
    """
    # An active writer has temporary files of its own, but it also holds the lock.
    for folder in _folders(store.path / UNFINISHED):
        if not store.is_being_written(folder.name):
            if store.is_committed(folder.name) or folder.name.startswith("."):
                yield folder  # no cell's: a killed trial of the file system
            else:
                yield from (*folder.glob(STAGING), *_temporary(folder))
    for folder in _folders(store.path / RUNS):
        if not store.is_being_written(folder.name):
            yield from _temporary(folder)
            if store.is_committed(folder.name):
                yield from checkpoints(folder)
                yield from _attempts_at_measuring(folder)
    # No lock shows who is writing elsewhere.
    for path in _temporary(store.path, but=(RUNS, UNFINISHED, QUARANTINE)):
        with suppress(FileNotFoundError):  # its writer has just renamed it
            if time.time() - path.lstat().st_mtime > _CERTAINLY_DEAD_S:
                yield path
    if not store.places.quarantine.is_symlink():
        yield from sorted(store.places.quarantine.glob("*"))


def _temporary(top: Path, but: Collection[str] = ()) -> Iterator[Path]:
    """Yield temporary files below a folder, but for some of its folders; no link is followed."""
    for folder, below, names in os.walk(top):
        if Path(folder) == top:
            below[:] = [name for name in below if name not in but]
        below[:] = [name for name in below if not fnmatch(name, STAGING)]
        yield from (Path(folder, name) for name in sorted(names) if fnmatch(name, _TEMPORARY))


def _attempts_at_measuring(run: Path) -> Iterator[Path]:
    """Yield the attempts of a measuring that was killed before it deleted them.

    What is measured is not measured again, so no later command would. While there is a failure
    they belong to it.
    """
    folder = run / PROBES
    attempts, failure = folder / ATTEMPTS, folder / FAILURE
    if not folder.is_symlink() and attempts.is_file() and not os.path.lexists(failure):
        yield attempts


def _folders(parent: Path) -> list[Path]:
    """Return the folders in one of the store's; not what a link brings in."""
    if parent.is_symlink() or not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.is_symlink())
