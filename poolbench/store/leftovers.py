"""What killed processes left in a store, and nobody will ask for again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from poolbench.store.store import Store
from poolbench.store.writer import checkpoints

_TEMPORARY = ".*.????????"  # as ``core.atomic`` names what it writes
_CERTAINLY_DEAD_S = 86_400.0  # a temporary file lives for as long as it takes to write it


def leftovers(store: Store) -> Iterator[Path]:
    """Yield temporary files of killed writers, checkpoints of finished cells, quarantined runs.

    Sessions are for those who know which processes live: ``Store.session_folders``.
    """
    runs = store.path / "runs"
    for folder in sorted(runs.iterdir()) if runs.is_dir() else ():
        # A writer at work has temporary files of its own; they live for moments, its lock longer.
        if not store.is_being_written(folder.name):
            yield from (*folder.glob(_TEMPORARY), *folder.glob(f"probes/{_TEMPORARY}"))
            if store.is_committed(folder.name):
                yield from checkpoints(folder)
    for name in (".", "studies", "findings", "locks"):  # no lock says who is at work there
        for path in (store.path / name).glob(_TEMPORARY):
            with suppress(FileNotFoundError):  # it has just got its name
                if time.time() - path.stat().st_mtime > _CERTAINLY_DEAD_S:
                    yield path
    yield from sorted((store.path / "quarantine").glob("*"))
