"""Where things are in a store, and how a run gets to its place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from poolbench.store.arrival import Arrival, arrive
from poolbench.store.files import move_folder, remove_tree, write_folder

RUNS, UNFINISHED, LOCKS, STUDIES = "runs", "unfinished", "locks", "studies"
SESSIONS, QUARANTINE, FINDINGS = "sessions", "quarantine", "findings"

FOLDERS = (RUNS, UNFINISHED, LOCKS, STUDIES, SESSIONS, QUARANTINE)
"""What writers need; archives and Git drop empty folders."""

STAGING = ".run-*"


@dataclass(frozen=True)
class Places:
    """The folders of a store.

    Args:
        store: The store's folder.
    """

    store: Path

    def run(self, cell_id: str) -> Path:
        """Return the folder of a finished run."""
        return self.store / RUNS / cell_id

    def unfinished(self, cell_id: str) -> Path:
        """Return the folder of a cell that is being trained, or was interrupted."""
        return self.store / UNFINISHED / cell_id

    def staging(self, cell_id: str) -> Path:
        """Return a new folder for a run that will arrive: see :meth:`arrive`."""
        return self.unfinished(cell_id) / STAGING.replace("*", secrets.token_hex(4))

    @property
    def quarantine(self) -> Path:
        """The folder of damaged runs, and of runs that differ from the first of their cell."""
        return self.store / QUARANTINE

    def arrive(self, run: Path, cell_id: str) -> Arrival:
        """Move a finished run from its staging folder to its place: see ``arrival``."""
        return arrive(run, self.run(cell_id), self.quarantine)

    def keeps_the_first_run(self) -> bool:
        """Whether the file system refuses to rename a folder onto a run; tried with two folders.

        Raises:
            EnvironmentFault: It refuses for another reason, or cannot be written.
        """
        name = f".trial-{secrets.token_hex(4)}"
        first, second = self.staging(name), self.staging(name)
        try:
            for folder in (first, second):
                write_folder(folder, [("file", b"")])
            return not move_folder(second, first)
        finally:
            remove_tree(first.parent)
