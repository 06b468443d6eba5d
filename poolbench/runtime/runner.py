"""Runs workers until every cell is settled.

The store decides what is finished. Workers are only started, watched and, if one dies, restarted;
a cell that keeps killing its workers is given up after three attempts.
"""

from __future__ import annotations

import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from poolbench.core.cell import Cell
from poolbench.core.errors import Interrupted
from poolbench.core.events import Event
from poolbench.core.named import Named
from poolbench.core.options import check_options
from poolbench.core.study import Execution, Study
from poolbench.engines import ENGINES
from poolbench.engines.api import Detachable, Engine, Unreachable, Workers
from poolbench.runtime.attendance import attending
from poolbench.runtime.carried import check_entries
from poolbench.runtime.devices import check_device, check_gpu_settings, workers_of
from poolbench.runtime.dispatch import Dispatcher
from poolbench.runtime.session import Session
from poolbench.runtime.session_work import SessionWork
from poolbench.runtime.settings import Settings
from poolbench.runtime.task import TASKS, TaskName
from poolbench.runtime.utilisation import Utilisation
from poolbench.store.store import Store

_WORKER = "poolbench.runtime.worker:work"
_GRACE_S = 20.0


class Runner:
    """Runs a task on the open cells of studies.

    It is a context, at whose end no worker is left: what the engine shares between workers is kept
    from one call of :meth:`run` to the next.

    Args:
        store: Where results go.
        task: What to do with the cells.
        execution: How workers run.
        settings: Where and how.
        within: Name of the session that its own are a part of; empty for none.
    """

    def __init__(
        self,
        store: Store,
        task: TaskName,
        execution: Execution,
        settings: Settings,
        *,
        within: str = "",
    ) -> None:
        self._store, self._task, self._settings = store, task, settings
        self._within = within
        self._devices = workers_of(execution, device=settings.device, jobs=settings.jobs)
        chosen = engine_of(execution, settings)
        engine = ENGINES.resolve(chosen.name)
        asked = execution.device if settings.device is None else settings.device
        if engine.is_remote:
            # What it is there, the worker finds out.
            self._devices = [asked] * len(self._devices)
        workers = Workers(
            target=_WORKER,
            slots=len(self._devices),
            threads=execution.threads,
            gpu=0.0 if asked == "cpu" else execution.gpu,
        )
        self._engine: Engine = engine(workers, **chosen.options)

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
            Interrupted: Ctrl-C or SIGTERM; what a cluster has of it goes on there.
            PoolbenchError: A worker died before its first cell.
            StoreBusy: Another process has the rest, and ``wait`` is false.
        """
        try:
            session, adopted = self._session(study, cells)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted; {TASKS[self._task].kept}") from None
        with attending(session.folder):
            return self._attend(session, study, cells, adopted, on_event)

    def _attend(
        self,
        session: Session,
        study: Study,
        cells: Sequence[Cell],
        adopted: Mapping[str, Sequence[Cell]],
        on_event: Callable[[Event], None],
    ) -> tuple[dict[str, str], Utilisation]:
        devices = self._devices[: len(cells)]
        work = SessionWork(
            self._task,
            session,
            study,
            self._settings,
            on_event,
            is_shared=self._engine.is_shared,
            # Of a cluster, nobody here knows how many there are.
            workers=0 if self._engine.is_remote else len(devices),
        )
        dispatcher = Dispatcher(self._engine, work, devices, started=session.count_jobs())
        try:
            dispatcher.run(cells, adopted)
            failures = {str(cell): work.failure(cell) for cell in cells}
            failed = {label: reason for label, reason in failures.items() if reason is not None}
            self._leave(session)
            return failed, work.utilisation
        except (KeyboardInterrupt, Interrupted) as stop:
            number = stop.exit_code - 128 if isinstance(stop, Interrupted) else signal.SIGINT
            if left := self._detached():
                raise Interrupted(left, self._how_to_go_on(), signal_number=number) from None
            self._end(session)
            if isinstance(stop, Interrupted):
                raise
            raise Interrupted(f"interrupted; {TASKS[self._task].kept}") from None
        except Unreachable as fault:
            if left := self._detached():
                hint = f"{fault.hint}\n  {self._how_to_go_on()}"
                raise Unreachable(f"{fault.message}\n{left}", hint) from fault
            self._end(session)
            raise
        except BaseException:
            self._end(session)
            raise

    def _detached(self) -> str:
        """Let go on without this command what can; return what does, as text, empty if nothing."""
        return self._engine.detach() if isinstance(self._engine, Detachable) else ""

    def _how_to_go_on(self) -> str:
        store = shlex.quote(str(self._store.path))
        return (
            f"watch with: poolbench watch --store {store}; "
            f"cancel with: poolbench cancel --store {store}"
        )

    def _session(
        self, study: Study, cells: Sequence[Cell]
    ) -> tuple[Session, Mapping[str, Sequence[Cell]]]:
        """Start a session, or go on with one whose jobs outlived their command.

        Returns:
            The session, and the cells of the jobs that run already.
        """
        if isinstance(self._engine, Detachable):
            by_id = {cell.id: cell for cell in cells}
            for session in Session.of_study(self._store, study, self._task):
                if names := self._engine.adopt(session.folder):
                    for _ in session.events():
                        pass  # an earlier command has shown them
                    own = {name: session.cells_of(name) for name in names}
                    return session, {
                        name: [by_id[id] for id in ids if id in by_id] for name, ids in own.items()
                    }
                if session.is_over():
                    session.end()
        return Session.start(self._store, study, self._within), {}

    def _end(self, session: Session) -> None:
        """End what runs, unless another command goes on with it."""
        if session.is_shared():
            self._detached()
        self.__exit__()
        self._leave(session)

    def _leave(self, session: Session) -> None:
        if not session.is_shared():
            session.end()


def engine_of(execution: Execution, settings: Settings) -> Named:
    """Return the engine that a study runs on, with its options."""
    asked, suite = settings.engine, execution.engine
    if suite is not None and asked in (None, suite.name):
        return suite
    name = asked or "local"
    return Named(name=name, options=check_options(name, ENGINES[name].options, {}))


def check_settings(study: Study, settings: Settings) -> None:
    """Check that a study can run as asked, before there is a store.

    Raises:
        BadInput: There is no such device or engine, the study needs a GPU and would run on a CPU,
            or an entry that was added by hand cannot reach the workers.
    """
    if settings.device is not None:
        check_device(settings.device)
    engine = ENGINES.resolve(engine_of(study.execution, settings).name)
    check_gpu_settings(study, device=settings.device, is_here=not engine.is_remote)
    check_entries(study, is_here=engine.is_here)
