"""Files that killed processes left in a store and that nothing needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from poolbench.store.store import Store
from poolbench.store.writer import checkpoints

_TEMPORARY = ".*.????????"  # as ``core.atomic`` names what it writes
_CERTAINLY_DEAD_S = 86_400.0  # a temporary file exists only while it is written


def leftovers(store: Store) -> Iterator[Path]:
    """Yield temporary files of killed writers, checkpoints of finished cells, quarantined runs.

    Sessions are not included: the caller knows which processes live (``Store.session_folders``).
    """
    runs = store.path / "runs"
    for folder in sorted(runs.iterdir()) if runs.is_dir() else ():
        # An active writer has temporary files of its own, but it also holds the lock.
        if not store.is_being_written(folder.name):
            yield from (*folder.glob(_TEMPORARY), *folder.glob(f"probes/{_TEMPORARY}"))
            if store.is_committed(folder.name):
                yield from checkpoints(folder)
    for name in (".", "studies", "findings", "locks"):  # no lock shows who is writing there
        for path in (store.path / name).glob(_TEMPORARY):
            with suppress(FileNotFoundError):  # its writer has just renamed it
                if time.time() - path.stat().st_mtime > _CERTAINLY_DEAD_S:
                    yield path
    yield from sorted((store.path / "quarantine").glob("*"))
