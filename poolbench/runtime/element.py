"""An element of a Slurm array: ``python -m poolbench.runtime.element FOLDER JOB``.

It has a whole allocation, and runs its cells there as ``--engine local`` would. What happens is
told in the session's folder, where the command that submitted it, or ``poolbench watch``, reads it.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path

from poolbench.core.errors import EnvironmentFault, Interrupted, PoolbenchError
from poolbench.core.events import Event
from poolbench.core.plugins import load_plugins
from poolbench.engines.api import not_seen
from poolbench.engines.slurm_queue import requeue
from poolbench.runtime.carried import take_entries
from poolbench.runtime.runner import Runner
from poolbench.runtime.session import Session, node_name, read_assignment
from poolbench.runtime.settings import Settings
from poolbench.runtime.task import TASKS
from poolbench.store.store import Store

_TOO_SHORT = (
    "the time limit came before a step was trained; give more: execution.engine: {time: ...}"
)


class Element:
    """The work of one element.

    Args:
        folder: The session's folder.
        job: Name of its job.

    Raises:
        EnvironmentFault: This node does not see the store.
    """

    def __init__(self, folder: Path, job: str) -> None:
        if not (folder / f"{job}.json").exists():
            raise EnvironmentFault(f"{node_name()} {not_seen(folder)}")
        self._ended = folder / f"{job}.exit"
        self._assignment = read_assignment(folder / f"{job}.json")
        self._session = Session(Store(Path(self._assignment.store)), self._assignment.session)
        self._task = TASKS[self._assignment.task]
        self._is_late = self._has_got_on = False

    def run(self) -> int:
        """Run the cells; return an exit code, which is written down too."""
        signal.signal(signal.SIGUSR1, self._stop_for_time)
        signal.signal(signal.SIGTERM, self._stop)
        try:
            self._work()
            exit_code = 0
        except (Interrupted, KeyboardInterrupt) as stop:
            if self._is_late and self._has_got_on:
                requeue()
                return 0
            if self._is_late:
                # Requeued, it would never end; as a death, it is counted.
                print(_TOO_SHORT, file=sys.stderr)  # noqa: T201 - the element's log
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
        take_entries(asked.entries)
        study = session.study(asked.study)
        cells = [cell for cell in study.cells if session.is_open(self._task, study, cell)]
        settings = Settings(
            store=session.store.path,
            device=asked.device,
            jobs=asked.jobs,
            engine="local",
            root=Path(asked.data_root) if asked.data_root else None,
            plugins=asked.plugins,
            wait=False,
        )
        if not cells:
            return
        runner = Runner(session.store, asked.task, study.execution, settings, within=session.name)
        with runner:
            failed, _ = runner.run(study, cells, self._tell)
        for cell in cells:
            if (reason := failed.get(str(cell))) is not None:
                session.record_failure(self._task, cell, reason)

    def _tell(self, event: Event) -> None:
        self._has_got_on |= event.kind == "progress" or event.is_settled
        self._session.emit(self._assignment.worker, event)

    def _stop_for_time(self, _number: int, _frame: object) -> None:
        self._is_late = True
        raise KeyboardInterrupt

    def _stop(self, number: int, _frame: object) -> None:
        raise Interrupted("terminated", signal_number=number)


def main(folder: str, job: str) -> int:
    """Run an element; return its exit code. What it prints is in the log of its job."""
    try:
        return Element(Path(folder), job).run()
    except PoolbenchError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)  # noqa: T201 - its log
        with suppress(OSError):
            Path(folder, f"{job}.exit").write_text(f"{error.exit_code}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
