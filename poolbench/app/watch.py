"""Watching, and cancelling, what other commands run on a store."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault, NothingMatched
from poolbench.core.events import Event, result_event
from poolbench.engines.slurm_queue import cancel_sessions, queued_sessions
from poolbench.runtime.session import Session
from poolbench.store.store import Store

_POLL_S = 1.0
_QUEUE_POLL_S = 15.0


class Watching:
    """The commands that run on a store, wherever, or whose jobs outlive them.

    Args:
        store_path: The store's folder.

    Attributes:
        count: Number of cells of these commands, those included that were finished before.

    Raises:
        EnvironmentFault: There is no store, or it cannot be read.
        NothingMatched: No command runs on it.
    """

    def __init__(self, store_path: Path) -> None:
        store = Store(store_path)
        found = Session.of_commands(store)
        self._queued = queued_sessions([each.folder for each in found])
        cells: dict[str, tuple[Cell, ...]] = {}
        for session in found:
            if not session.is_over(self._queued):
                # It has just begun, or ended; or it is not ours, and `store gc` will say so.
                with suppress(FileNotFoundError, Damaged):
                    cells[session.name] = session.study().cells
        self._sessions = [each for each in found if each.name in cells]
        if not self._sessions:
            raise NothingMatched(
                f"no command runs on {store_path}",
                f"see what is finished: poolbench list runs --store {shlex.quote(str(store_path))}",
            )
        self.count = len({cell.id for each in cells.values() for cell in each})
        self._awaited = {
            name: {cell.id: cell for cell in each if not store.has_result(cell.id)}
            for name, each in cells.items()
        }

    def follow(self, on_event: Callable[[Event], None]) -> None:
        """Pass on what happens, from the beginning, until every command has ended.

        Args:
            on_event: Called with every event.
        """
        running = list(self._sessions)
        told: set[str] = set()
        asked_s = time.monotonic()
        while running:
            if time.monotonic() - asked_s > _QUEUE_POLL_S:
                self._queued = queued_sessions([each.folder for each in running])
                asked_s = time.monotonic()
            for session in list(running):
                is_over = session.is_over(self._queued)
                for event in session.events():
                    if event.is_settled:
                        told.add(event.cell)
                    on_event(event)
                if is_over:
                    running.remove(session)
                    self._tell_the_rest(session, told, on_event)
            if running:
                time.sleep(_POLL_S)

    def _tell_the_rest(
        self, session: Session, told: set[str], on_event: Callable[[Event], None]
    ) -> None:
        """Tell results after the last look: a command that ends takes its events along."""
        for cell_id, cell in self._awaited[session.name].items():
            if cell_id not in told:
                with suppress(FileNotFoundError, Damaged):
                    on_event(result_event(cell, session.store.read(cell_id).result))
                    told.add(cell_id)

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
