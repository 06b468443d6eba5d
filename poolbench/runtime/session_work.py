"""What a dispatcher has to know of the cells of a session, from the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from poolbench.core.cell import Cell
from poolbench.core.counted import counted
from poolbench.core.data_root import data_root
from poolbench.core.errors import EnvironmentFault, StoreBusy
from poolbench.core.events import Event
from poolbench.core.printable import stored_path
from poolbench.core.study import Study
from poolbench.engines.api import Job
from poolbench.runtime.carried import carried_entries
from poolbench.runtime.scheduling import duration_of
from poolbench.runtime.session import Assignment, Session
from poolbench.runtime.settings import Settings
from poolbench.runtime.task import TASKS, TaskName
from poolbench.runtime.utilisation import Utilisation

_BUSY_POLL_S = 1.0


class SessionWork:
    """What a dispatcher has to know of a session's cells, from the store."""

    def __init__(
        self,
        task: TaskName,
        session: Session,
        study: Study,
        settings: Settings,
        on_event: Callable[[Event], None],
        *,
        is_shared: bool,
        workers: int,
    ) -> None:
        self._session, self._study, self._is_shared = session, study, is_shared
        self._store, self._settings, self._on_event = session.store, settings, on_event
        self._name, self._task = task, TASKS[task]
        self.utilisation = Utilisation(workers)

    def open(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return the cells that are not done and have not failed in this session."""
        return [cell for cell in cells if self._session.is_open(self._task, self._study, cell)]

    def failure(self, cell: Cell) -> str | None:
        """Return why a cell failed in this session."""
        return self._session.failure(self._task, cell)

    def duration_s(self, cell: Cell) -> float | None:
        """Return how long a cell took, unless it diverged."""
        return duration_of(self._store, cell)

    def wait_for_others(self, cells: Sequence[Cell]) -> bool:
        """Wait while other processes hold every open cell; return whether one is still open."""
        told = False
        while open_cells := self.open(cells):
            if not all(self._store.is_being_written(cell.id) for cell in open_cells):
                return True
            held = counted(len(open_cells), "cell is", "cells are")
            message = f"{held} being {self._task.done} by another process"
            if not self._settings.wait:
                raise StoreBusy(message, "run the same command again later, or without --no-wait")
            if not told:
                self._on_event(Event(kind="waiting", detail=f"waiting: {message}"))
                told = True
            time.sleep(_BUSY_POLL_S)
        return False

    def job(self, name: str, cells: Sequence[Cell], device: str) -> Job:
        """Write a worker's job file."""
        root = data_root(self._settings.root)
        own = {} if self._is_shared else {"study": self._session.part(name, self._part(cells))}
        return self._session.job(
            Assignment(
                task=self._name,
                store=stored_path(str(self._store.path.resolve())),
                session=self._session.name,
                worker=name,
                device=device,
                threads=self._study.execution.threads,
                data_root=stored_path(str(root.resolve())) if root else "",
                plugins=tuple(map(stored_path, self._settings.plugins)),
                entries=carried_entries(),
                jobs=self._settings.jobs,
                **own,
            )
        )

    def _part(self, cells: Sequence[Cell]) -> Study:
        return replace(self._study, cells=tuple(cells), whole_cells=())

    def has_begun(self, job: str) -> bool:
        """Whether a worker reached its first cell."""
        return self._session.has_begun(job)

    def log_tail(self, job: str) -> str:
        """Return the last lines that a worker wrote."""
        return self._session.log_tail(job)

    def fault(self) -> EnvironmentFault | None:
        """Return the fault of the machine that a worker found."""
        return self._session.fault()

    def forward(self) -> None:
        """Show what the workers did since the last call."""
        for event in self._session.events():
            self.utilisation.take(event)
            self._on_event(event)

    def notice(self, message: str) -> None:
        """Show a message."""
        self._on_event(Event(kind="notice", detail=message))

    def give_up(self, cell: Cell, reason: str, advice: str) -> None:
        """Record that a cell failed."""
        self._session.record_failure(self._task, cell, reason, advice)
        detail = f"{reason} ({advice})"
        self._on_event(Event(kind="failed", cell=cell.id, label=str(cell), detail=detail))
