"""An element of a Slurm array: ``python -m poolbench.runtime.element FOLDER ARRAY INDEX``.

It has a whole allocation, and runs its cells there as ``--engine local`` would. What happens is
told in the session's folder, where the command that submitted it, or ``poolbench watch``, reads it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from poolbench.core.errors import EnvironmentFault, Interrupted, PoolbenchError
from poolbench.core.plugins import load_plugins
from poolbench.engines.slurm_queue import arrays_of, requeue
from poolbench.runtime.runner import Runner
from poolbench.runtime.session import Session, read_assignment
from poolbench.runtime.settings import Settings
from poolbench.runtime.task import TASKS
from poolbench.store.store import Store


class Element:
    """The work of one element.

    Args:
        folder: The session's folder.
        array: Name of the array.
        index: Index of the element.
    """

    def __init__(self, folder: Path, array: str, index: int) -> None:
        name = arrays_of(folder)[array][index]
        self._ended = folder / f"{name}.exit"
        self._assignment = read_assignment(folder / f"{name}.json")
        self._session = Session(Store(Path(self._assignment.store)), self._assignment.session)
        self._task = TASKS[self._assignment.task]
        self._is_late = False
        with (folder / f"{name}.log").open("ab") as log:
            os.dup2(log.fileno(), sys.stderr.fileno())

    def run(self) -> int:
        """Run the cells; return an exit code, which is written down too."""
        self._ended.unlink(missing_ok=True)  # of the same element, before it was queued again
        signal.signal(signal.SIGUSR1, self._stop_for_time)
        signal.signal(signal.SIGTERM, self._stop)
        try:
            self._work()
            exit_code = 0
        except (Interrupted, KeyboardInterrupt) as stop:
            if self._is_late:
                requeue()
                return 0
            exit_code = stop.exit_code if isinstance(stop, Interrupted) else 130
        except EnvironmentFault as fault:
            self._session.report_fault(fault)
            exit_code = fault.exit_code
        except PoolbenchError as error:
            print(error.message, file=sys.stderr)  # noqa: T201 - the element's log
            exit_code = error.exit_code
        self._ended.write_text(f"{exit_code}\n")
        return exit_code

    def _work(self) -> None:
        asked, session = self._assignment, self._session
        asked.check_version()
        load_plugins(asked.plugins)
        study = session.study(asked.study)
        cells = [cell for cell in study.cells if session.is_open(self._task, study, cell)]
        settings = Settings(
            store=session.store.path,
            device=asked.device,
            engine="local",
            root=Path(asked.data_root) if asked.data_root else None,
            plugins=asked.plugins,
            wait=False,
        )
        if not cells:
            return
        runner = Runner(session.store, asked.task, study.execution, settings, within=session.name)
        with runner:
            failed, _ = runner.run(study, cells, lambda event: session.emit(asked.worker, event))
        for cell in cells:
            if (reason := failed.get(str(cell))) is not None:
                session.record_failure(self._task, cell, reason)

    def _stop_for_time(self, _number: int, _frame: object) -> None:
        self._is_late = True
        raise KeyboardInterrupt

    def _stop(self, number: int, _frame: object) -> None:
        raise Interrupted("terminated", signal_number=number)


if __name__ == "__main__":
    sys.exit(Element(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])).run())
