"""A session: the folder that one command and its workers share."""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from poolbench import __version__
from poolbench.core.cell import Cell
from poolbench.core.document import Damaged, read_as
from poolbench.core.errors import EnvironmentFault, PoolbenchError
from poolbench.core.events import Event, event_from_line
from poolbench.core.printable import restored_path
from poolbench.core.study import Study, read_study
from poolbench.engines.api import Job
from poolbench.runtime.attendance import SESSION_NAME, SILENT_S, is_attended
from poolbench.runtime.carried import CarriedEntry
from poolbench.runtime.task import Task, TaskName
from poolbench.store.attempts import Attempts, read_failure
from poolbench.store.documents import seal, to_bytes, unsealed
from poolbench.store.files import (
    append_line,
    explaining_disk_faults,
    read_document,
    remove_tree,
    write_atomic,
)
from poolbench.store.store import Store

STUDY = "study.json"


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """The instructions of a worker: what to do with the study of a session, and how to run.

    Args:
        task: What to do.
        store: The store's folder.
        session: Name of the session.
        worker: Name of the worker.
        device: Device name for torch.
        threads: CPU threads.
        data_root: Folder of data sets; empty for none.
        plugins: Files of third-party catalogue entries.
        entries: Catalogue entries that the command's program added by hand.
        jobs: Number of workers that an element of an array starts; ``None`` for its default.
        study: File of the study, in the session's folder.
        version: Of the command.
    """

    task: TaskName
    store: str
    session: str
    worker: str
    device: str
    threads: int
    data_root: str
    plugins: tuple[str, ...] = ()
    entries: tuple[CarriedEntry, ...] = ()
    jobs: int | None = None
    study: str = STUDY
    version: str = __version__

    def check_version(self) -> None:
        """Check that a worker elsewhere is of the same version as the command.

        Raises:
            EnvironmentFault: It is not.
        """
        if self.version != __version__:
            raise EnvironmentFault(
                f"the installed poolbench is {__version__}; the command's is {self.version}",
                f"install the same there: pip install poolbench=={self.version}",
            )


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An error that prevents all work of a session, as its file holds it."""

    message: str
    hint: str = ""
    node: str = ""


def node_name() -> str:
    """Return the name of this machine: to Slurm, if it is one of its nodes."""
    return os.environ.get("SLURMD_NODENAME") or platform.node()


def read_assignment(job_file: Path) -> Assignment:
    """Read the assignment in a job file."""
    stored = read_as(Assignment, read_document(job_file))
    return replace(
        stored,
        store=restored_path(stored.store),
        data_root=restored_path(stored.data_root),
        plugins=tuple(map(restored_path, stored.plugins)),
    )


class Session:
    """The folder of a running command below ``<store>/sessions``.

    Args:
        store: The store.
        name: Name of the session, chosen when it starts: its folder below ``sessions``.
    """

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name
        self.folder = store.session_folder(name)
        self._offsets: dict[Path, int] = {}

    @classmethod
    def start(cls, store: Store, study: Study, within: str = "") -> Session:
        """Create the folder of a new session for a study.

        Args:
            store: The store.
            study: The study.
            within: Name of the session that it is a part of, and ends with; empty for none.
        """
        own = f"{platform.node()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        session = cls(store, f"{within}/{own}" if within else own)
        with explaining_disk_faults(session.folder):
            session.folder.mkdir()
        session._write(STUDY, study)
        return session

    @classmethod
    def of_commands(cls, store: Store) -> list[Session]:
        """Return the sessions of all commands, those of dead ones included, in order."""
        names = (folder.name for folder in store.session_folders())
        return [cls(store, name) for name in names if SESSION_NAME.fullmatch(name)]

    @classmethod
    def of_study(cls, store: Store, study: Study, task: TaskName) -> Iterator[Session]:
        """Yield the sessions in which commands worked at a task of a study."""
        for session in cls.of_commands(store):
            with suppress(FileNotFoundError, Damaged, EnvironmentFault):
                first = read_assignment(session.folder / "worker-0.json")
                if first.task == task and session.study().id == study.id:
                    yield session

    def is_over(self, queued: Collection[str] = (), silent_s: float = SILENT_S) -> bool:
        """Whether nothing can happen in it any more, as far as this machine can tell.

        Args:
            queued: Names of the sessions of which Slurm has jobs.
            silent_s: Seconds after which a command on another machine counts as dead.
        """
        if not self.folder.exists():
            return True
        return self.name not in queued and not is_attended(self.folder, silent_s=silent_s)

    def is_shared(self) -> bool:
        """Whether another command attends it too."""
        return is_attended(self.folder, by_others=True)

    def count_jobs(self) -> int:
        """Return the number of job files."""
        names = (path.name for path in self.folder.glob("worker-*.json"))
        return sum(name.count(".") == 1 for name in names)

    def cells_of(self, worker: str) -> list[str]:
        """Return the ids of the cells of a worker's own part of the study."""
        assignment = read_assignment(self.folder / f"{worker}.json")
        return [cell.id for cell in self.study(assignment.study).cells]

    def study(self, name: str = STUDY) -> Study:
        """Return the study of the session, or what a worker has of it."""
        return read_study(unsealed(read_document(self.folder / name)))

    def part(self, worker: str, study: Study) -> str:
        """Write the part of the study that is a worker's; return the name of its file."""
        name = f"{worker}.study.json"
        self._write(name, study)
        return name

    def _write(self, name: str, study: Study) -> None:
        write_atomic(self.folder / name, seal(study.to_json()))

    def job(self, assignment: Assignment) -> Job:
        """Write a worker's job file."""
        file = self.folder / f"{assignment.worker}.json"
        write_atomic(file, to_bytes(asdict(assignment)))
        return Job(name=assignment.worker, file=file, log=self.folder / f"{assignment.worker}.log")

    def emit(self, worker: str, event: Event) -> None:
        """Append a worker's event, with its time; each worker has its own file."""
        told = replace(event, at_s=time.monotonic())
        append_line(self.folder / f"{worker}.events", told.to_line())

    def events(self) -> Iterator[Event]:
        """Yield the events since the last call; a torn last line waits for the next one."""
        for path in sorted(self.folder.glob("*.events")):
            # The folder goes when its command ends.
            with suppress(OSError), path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._offsets[path] = self._offsets.get(path, 0) + len(line)
                    with suppress(Damaged):  # progress alone is lost
                        yield event_from_line(line)

    def has_begun(self, worker: str) -> bool:
        """Whether a worker has reached its first cell, and so its first event."""
        return (self.folder / f"{worker}.events").exists()

    def log_tail(self, worker: str, lines: int = 12) -> str:
        """Return the last lines of a worker's standard error."""
        try:
            text = (self.folder / f"{worker}.log").read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def failure(self, task: Task, cell: Cell) -> str | None:
        """Return why a cell failed in this session, with advice."""
        failure = read_failure(task.notes_folder(self.store, cell))
        if failure is None or failure.session != self.name:
            return None
        return f"{failure.reason} ({failure.advice})" if failure.advice else failure.reason

    def is_open(self, task: Task, study: Study, cell: Cell) -> bool:
        """Whether a cell needs a task and has not failed in this session."""
        return self.failure(task, cell) is None and task.is_open(self.store, study, cell)

    def record_failure(self, task: Task, cell: Cell, reason: str, advice: str = "") -> None:
        """Record that a cell failed in this session."""
        Attempts(task.notes_folder(self.store, cell)).record_failure(self.name, reason, advice)

    def report_fault(self, fault: PoolbenchError) -> None:
        """Store a fault that prevents all work here, for the command to raise."""
        told = Fault(message=fault.message, hint=fault.hint, node=node_name())
        write_atomic(self.folder / "fault", to_bytes(asdict(told)))

    def fault(self) -> EnvironmentFault | None:
        """Return the fault that a worker stored by :meth:`report_fault`."""
        try:
            told = read_as(Fault, read_document(self.folder / "fault"))
        except (FileNotFoundError, Damaged, EnvironmentFault):
            return None
        where = "" if told.node in ("", node_name()) else f"{told.node}: "
        return EnvironmentFault(f"{where}{told.message}", told.hint)

    def end(self) -> None:
        """Delete the folder: all results are in the store."""
        remove_tree(self.folder)
