"""Files that killed processes left in a store and that nothing needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from poolbench.store.places import (
    FINDINGS,
    LOCKS,
    RUNS,
    STAGING,
    STUDIES,
    UNFINISHED,
)
from poolbench.store.store import Store
from poolbench.store.writer import checkpoints

_TEMPORARY = ".*.????????"  # as ``core.atomic`` names what it writes
_CERTAINLY_DEAD_S = 86_400.0  # a temporary file exists only while it is written


def leftovers(store: Store) -> Iterator[Path]:
    """Yield what killed writers left: temporary files, half a run, states of finished cells.

    Quarantined runs are included; sessions are not: the caller knows which processes live
    (``Store.session_folders``).
    """
    # An active writer has temporary files of its own, but it also holds the lock.
    for folder in _folders(store.path / UNFINISHED):
        if not store.is_being_written(folder.name):
            if store.is_committed(folder.name) or folder.name.startswith("."):
                yield folder  # no cell's: a killed trial of the file system
            else:
                yield from (*folder.glob(_TEMPORARY), *folder.glob(STAGING))
    for folder in _folders(store.path / RUNS):
        if not store.is_being_written(folder.name):
            yield from (*folder.glob(_TEMPORARY), *folder.glob(f"probes/{_TEMPORARY}"))
            if store.is_committed(folder.name):
                yield from checkpoints(folder)
    for name in (".", STUDIES, FINDINGS, LOCKS):  # no lock shows who is writing there
        for path in (store.path / name).glob(_TEMPORARY):
            with suppress(FileNotFoundError):  # its writer has just renamed it
                if time.time() - path.stat().st_mtime > _CERTAINLY_DEAD_S:
                    yield path
    yield from sorted(store.places.quarantine.glob("*"))


def _folders(parent: Path) -> list[Path]:
    return sorted(parent.iterdir()) if parent.is_dir() else []
