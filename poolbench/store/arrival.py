"""How a run gets into the store: whole, by one rename. The first run of a cell stays.

Two processes may have trained one cell, on two machines whose locks do not meet, or because a
lock's file was deleted; and merged stores may share cells. The later run changes nothing: it is
compared with the first and, if it differs, kept in ``quarantine/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.store.commit import Commit, read_commit
from poolbench.store.content import run_differences
from poolbench.store.files import move_folder, remove_tree

_MOST_COPIES = 10_000


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What became of a run that was to enter the store.

    Args:
        commit: The run that counts for its cell from now on.
        is_first: Whether it is the one that arrived.
        differences: How the one that arrived differs from it; empty if it repeats it.
        kept: Where the one that arrived is kept if it differs.
        moved: Where a damaged run was moved that had been in its place.
    """

    commit: Commit
    is_first: bool
    differences: tuple[str, ...] = ()
    kept: Path | None = None
    moved: Path | None = None

    @property
    def difference(self) -> str:
        """How it differs from the first, and where it is kept, as text."""
        return f"{', '.join(self.differences)}; kept in {self.kept}"


def arrive(run: Path, target: Path, quarantine: Path) -> Arrival:
    """Move a finished run into the store, unless its cell has one already.

    Args:
        run: The folder of the run, complete and on disk, on the store's file system.
        target: Its place in the store.
        quarantine: Where a run is kept that differs from the first; it exists.

    Raises:
        EnvironmentFault: The store cannot be written.
        Damaged: The run itself is not what was written.
    """
    mine, moved = read_commit(run), None
    while not move_folder(run, target):
        try:
            first = read_commit(target)
            first.verify()
            differences = run_differences(first, mine)
        except (Damaged, FileNotFoundError):
            mine.read_all()  # the damage must be the other's
            # A folder without a result is an unfinished cell of an older version.
            if target.exists():
                moved = set_aside(target, quarantine, target.name)
            continue
        kept = _keep(run, mine, quarantine, target.name) if differences else None
        remove_tree(run)
        return Arrival(
            commit=first, is_first=False, differences=differences, kept=kept, moved=moved
        )
    return Arrival(commit=read_commit(target), is_first=True, moved=moved)


def _keep(run: Path, mine: Commit, quarantine: Path, name: str) -> Path:
    """Move a run to the quarantine folder, unless a sound one with its content is there."""
    for path in sorted(quarantine.glob(f"{name}-*")):
        try:
            there = read_commit(path)
            there.read_all()
            if not run_differences(there, mine):
                return path
        except (Damaged, FileNotFoundError):
            continue
    return set_aside(run, quarantine, name)


def set_aside(folder: Path, quarantine: Path, name: str) -> Path:
    """Move a folder to ``<name>-<number>`` in the quarantine folder; return its new path.

    Raises:
        EnvironmentFault: The store cannot be written.
    """
    for number in range(_MOST_COPIES):
        target = quarantine / f"{name}-{number}"
        if move_folder(folder, target):
            return target
    raise EnvironmentFault(f"too many copies of {name} in {quarantine}", "see poolbench store gc")
