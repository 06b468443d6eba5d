"""Runs workers until every cell is settled.

The store decides what is finished. Workers are only started, watched and, if one dies, restarted;
a cell that keeps killing its workers is given up after three attempts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from poolbench.core.cell import Cell
from poolbench.core.data_root import data_root
from poolbench.core.errors import Interrupted, PoolbenchError, StoreBusy
from poolbench.core.events import Event
from poolbench.core.study import Execution, Study
from poolbench.engines import ENGINES
from poolbench.engines.api import Ended, Engine
from poolbench.runtime.devices import workers_of
from poolbench.runtime.session import Assignment, Session
from poolbench.runtime.task import TASKS, TaskName
from poolbench.runtime.utilisation import Utilisation
from poolbench.store.attempts import read_failure
from poolbench.store.store import Store

_POLL_S = 0.2
_BUSY_POLL_S = 1.0
_GRACE_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to run; nothing here changes a result.

    Args:
        store: The store's folder; created if missing.
        device: Overrides the suite's ``execution.device``; ``None`` keeps it.
        jobs: Overrides the suite's ``execution.jobs``; ``None`` keeps it.
        engine: A name in the engine catalogue.
        root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.
        download: Whether to download missing data sets.
        plugins: Files of third-party catalogue entries.
        wait: Whether to wait for cells that another process holds; otherwise raise ``StoreBusy``.
    """

    store: Path
    device: str | None = None
    jobs: int | None = None
    engine: str = "local"
    root: Path | None = None
    download: bool = False
    plugins: tuple[str, ...] = ()
    wait: bool = True


class Runner:
    """Runs a task on the open cells of studies.

    It is a context, at whose end no worker is left: what the engine shares between workers is kept
    from one call of :meth:`run` to the next.

    Args:
        store: Where results go.
        task: What to do with the cells.
        execution: How workers run.
        settings: Where and how.
    """

    def __init__(
        self, store: Store, task: TaskName, execution: Execution, settings: Settings
    ) -> None:
        self._store, self._task, self._settings = store, task, settings
        self._devices = workers_of(execution, device=settings.device, jobs=settings.jobs)
        self._engine = _start_engine(settings.engine, execution.threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End every worker: the first Ctrl-C lets them save, a second one does not wait."""
        try:
            self._engine.stop(_GRACE_S)
        except KeyboardInterrupt:
            self._engine.stop(0.0)

    def run(
        self, study: Study, cells: Sequence[Cell], on_event: Callable[[Event], None]
    ) -> tuple[dict[str, str], Utilisation]:
        """Run the task on a study.

        Args:
            study: The study.
            cells: Its open cells.
            on_event: Called with every event, for a display.

        Returns:
            The reason by label for every cell that failed, and how busy the workers were.

        Raises:
            EnvironmentFault: Device, data, disk or store cannot be used.
            Interrupted: Ctrl-C or SIGTERM.
            PoolbenchError: A worker died before its first cell.
            StoreBusy: Another process has the rest, and ``wait`` is false.
        """
        devices = self._devices[: len(cells)]
        session = Session.start(self._store, study)
        run = _Run(self._engine, self._task, session, study, self._settings, on_event)
        try:
            run.work(devices)
            return run.failed(cells), run.utilisation
        except BaseException as error:
            self.__exit__()
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(f"interrupted; {TASKS[self._task].kept}") from None
            raise
        finally:
            session.end()


def _start_engine(name: str, threads: int) -> Engine:
    target = ENGINES.resolve(name)
    if name == "inline":
        from poolbench.runtime.worker import work

        return target(work)
    return target("poolbench.runtime.worker:work", threads=threads)


class _Run:
    """One session of a runner: the workers of one study."""

    def __init__(
        self,
        engine: Engine,
        task: TaskName,
        session: Session,
        study: Study,
        settings: Settings,
        on_event: Callable[[Event], None],
    ) -> None:
        self._engine, self._session, self._study = engine, session, study
        self._store, self._settings, self._on_event = session.store, settings, on_event
        self._name, self._task = task, TASKS[task]
        self._running: dict[str, str] = {}
        self._started = 0
        self.utilisation = Utilisation()

    def work(self, devices: Sequence[str]) -> None:
        """Start a worker for each device, and return when no cell is open."""
        self.utilisation = Utilisation(len(devices))
        for device in devices:
            self._submit(device)
        while self._watch() and self._wait_for_others():
            self._submit(devices[0])

    def failed(self, cells: Sequence[Cell]) -> dict[str, str]:
        """Return the reason by label for every cell that failed."""
        reasons = ((str(cell), self._failure(cell)) for cell in cells)
        return {label: reason for label, reason in reasons if reason is not None}

    def _submit(self, device: str) -> None:
        worker = f"worker-{self._started}"
        self._started += 1
        root = data_root(self._settings.root)
        job = self._session.job(
            Assignment(
                task=self._name,
                store=str(self._store.path.resolve()),
                session=self._session.name,
                worker=worker,
                device=device,
                threads=self._study.execution.threads,
                data_root=str(root.resolve()) if root else "",
                plugins=self._settings.plugins,
            )
        )
        self._running[worker] = device
        self._engine.submit(job)

    def _watch(self) -> bool:
        """Forward events until no worker is left; return whether cells are still open."""
        while self._running:
            ended = self._engine.poll(_POLL_S)
            for event in self._session.events():
                self.utilisation.take(event)
                self._on_event(event)
            for item in ended:
                self._settle(item)
        return bool(self._open())

    def _settle(self, ended: Ended) -> None:
        device = self._running.pop(ended.job)
        fault = self._session.fault()
        if fault is not None:
            raise fault
        if ended.exit_code == 0:
            return
        log = self._session.log_tail(ended.job)
        if not self._session.has_begun(ended.job):
            raise PoolbenchError(f"a worker died before its first cell ({ended.exit_code}):\n{log}")
        if self._open():
            message = f"a worker died (exit {ended.exit_code}); another one takes over its cell"
            self._on_event(Event(kind="notice", detail=f"{message}\n{log}".strip()))
            self._submit(device)

    def _open(self) -> list[Cell]:
        """Return the cells that are not done and have not failed in this session."""
        cells = self._task.open_cells(self._store, self._study)
        return [cell for cell in cells if self._failure(cell) is None]

    def _failure(self, cell: Cell) -> str | None:
        failure = read_failure(self._task.notes_folder(self._store, cell))
        if failure is None or failure["session"] != self._session.name:
            return None
        return (
            f"{failure['reason']} ({failure['advice']})" if failure["advice"] else failure["reason"]
        )

    def _wait_for_others(self) -> bool:
        """Wait while other processes hold every open cell; return whether one is still open."""
        told = False
        while open_cells := self._open():
            if not all(self._store.is_being_written(cell.id) for cell in open_cells):
                return True
            message = f"{len(open_cells)} cells are being {self._task.done} by another process"
            if not self._settings.wait:
                raise StoreBusy(message, "run the same command again later, or without --no-wait")
            if not told:
                self._on_event(Event(kind="waiting", detail=f"waiting: {message}"))
                told = True
            time.sleep(_BUSY_POLL_S)
        return False
