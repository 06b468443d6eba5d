"""Watching, and cancelling, what other commands run on a store."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from poolbench.core.errors import EnvironmentFault, NothingMatched
from poolbench.core.events import Event
from poolbench.engines.slurm_queue import cancel_sessions, queued_sessions
from poolbench.runtime.session import Session
from poolbench.store.store import Store

_POLL_S = 1.0
_QUEUE_POLL_S = 15.0


class Watching:
    """The commands that run on a store, wherever, or whose jobs outlive them.

    Args:
        store_path: The store's folder.

    Raises:
        EnvironmentFault: There is no store, or it cannot be read.
        NothingMatched: No command runs on it.
    """

    def __init__(self, store_path: Path) -> None:
        store = Store(store_path)
        found = [Session(store, folder.name) for folder in store.session_folders()]
        self._queued = queued_sessions([each.folder for each in found])
        self._sessions = [each for each in found if not each.is_over(self._queued)]
        if not self._sessions:
            raise NothingMatched(
                f"no command runs on {store_path}", "see what is finished: poolbench list runs"
            )
        self._cells = {
            each.name: {cell.id for cell in each.study().cells} for each in self._sessions
        }

    @property
    def count(self) -> int:
        """Number of cells of these commands, those included that were finished before."""
        return len(set().union(*self._cells.values()))

    def follow(self, on_event: Callable[[Event], None]) -> None:
        """Pass on what happens, from the beginning, until every command has ended.

        Args:
            on_event: Called with every event.
        """
        running = list(self._sessions)
        asked_s = time.monotonic()
        while running:
            if time.monotonic() - asked_s > _QUEUE_POLL_S:
                self._queued = queued_sessions([each.folder for each in running])
                asked_s = time.monotonic()
            for session in list(running):
                for event in session.events():
                    on_event(event)
                if session.is_over(self._queued):
                    running.remove(session)
            if running:
                time.sleep(_POLL_S)

    def cancel(self) -> list[str]:
        """Cancel what Slurm runs of them; finished cells are kept, and so is what others saved.

        Returns:
            The names of the sessions cancelled.

        Raises:
            EnvironmentFault: Slurm does not answer.
        """
        names = [each.name for each in self._sessions if each.name in self._queued]
        for each in self._sessions:
            if each.name in names:
                # A command that waits for them must not submit them again.
                each.report_fault(
                    EnvironmentFault("cancelled", "the same command goes on where it stopped")
                )
        if names:
            cancel_sessions(names)
        return names
