"""Maintaining a store: verification, merging and the removal of leftovers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.engines.slurm_queue import queued_sessions
from poolbench.runtime.session import Session
from poolbench.store.files import remove_file, remove_tree
from poolbench.store.leftovers import leftovers
from poolbench.store.merge import Merged
from poolbench.store.merge import merge as merge_stores
from poolbench.store.store import Store
from poolbench.store.verification import Verified
from poolbench.store.verification import verify as verify_store

_LONG_SILENT_S = 86_400.0
"""Deleting its session ends a command, so one on another machine must be silent for a day."""


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What a clean-up deleted.

    Args:
        count: Number of files and folders.
        size_bytes: Their total size, in bytes.
        kept: Why others could not be deleted, a sentence each.
    """

    count: int
    size_bytes: int
    kept: tuple[str, ...] = ()


def verify(store_path: Path) -> Verified:
    """Read every byte of a store: see :func:`poolbench.store.verification.verify`."""
    return verify_store(Store(store_path))


def set_aside(store_path: Path, cell_ids: Iterable[str]) -> dict[str, Path | str]:
    """Move damaged runs to the quarantine folder, so that their cells are trained again.

    Training checks only small files for damage, because it cannot read all weights each time.

    Args:
        store_path: The store's folder.
        cell_ids: Runs; undamaged ones are not moved, nor those with only a damaged
            measurement, which is repeated.

    Returns:
        By id of a damaged run its new path, or why it could not be moved.

    Raises:
        EnvironmentFault: The store cannot be read, or written.
    """
    store = Store(store_path)
    store.ready()
    moved: dict[str, Path | str] = {}
    for cell_id in cell_ids:
        try:
            store.commit_of(cell_id).verify()
        except (Damaged, FileNotFoundError):
            try:
                moved[cell_id] = store.quarantine(cell_id)
            except EnvironmentFault as fault:
                moved[cell_id] = fault.message
        except EnvironmentFault:
            continue  # what cannot be read may be sound
    return moved


def merge(sources: Sequence[Path], target: Path) -> Iterator[Merged]:
    """Merge stores into one; see :func:`poolbench.store.merge.merge`."""
    return merge_stores(sources, target)


def collect(store_path: Path, *, dry_run: bool) -> Removed:
    """Delete temporary files of killed writers, sessions of dead processes, quarantined runs.

    Checkpoints of unfinished cells are kept to continue; those of finished cells are deleted.

    Args:
        store_path: The store's folder.
        dry_run: Whether to count only.

    Raises:
        EnvironmentFault: The store cannot be read.
    """
    store = Store(store_path)
    count, size = 0, 0
    kept: list[str] = []
    for path in _garbage(store):
        try:
            size_bytes = _size(path)
            if not dry_run:
                (remove_tree if path.is_dir() else remove_file)(path)
        except FileNotFoundError:  # its writer lives, and has renamed it
            continue
        except EnvironmentFault as fault:
            kept.append(fault.message)
        else:
            count, size = count + 1, size + size_bytes
    return Removed(count=count, size_bytes=size, kept=tuple(kept))


def _garbage(store: Store) -> Iterator[Path]:
    yield from leftovers(store)
    sessions = Session.of_commands(store)
    queued = queued_sessions([session.folder for session in sessions])
    for session in sessions:
        if session.is_over(queued, silent_s=_LONG_SILENT_S):
            yield session.folder


def _size(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(entry.lstat().st_size for entry in path.rglob("*") if not entry.is_dir())
