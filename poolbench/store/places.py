"""Where things are in a store, and how a run gets to its place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from poolbench.store.arrival import Arrival, arrive

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
