"""The worker: does its task on one cell of a study after another until none is left.

It runs in a process of its own, forked once torch is imported (see ``engines.fork_server``), or in
the command's process.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch

from poolbench.core.cell import Cell
from poolbench.core.errors import EnvironmentFault, PoolbenchError
from poolbench.core.events import Event, Kind, result_event
from poolbench.core.limits import is_out_of_memory, limit_fault
from poolbench.core.plugins import load_plugins
from poolbench.runtime.carried import take_entries
from poolbench.runtime.components import components_of, require
from poolbench.runtime.data_cache import DataCache
from poolbench.runtime.devices import open_device
from poolbench.runtime.preparing import Stopped
from poolbench.runtime.probe_run import ProbedRun, measure_run
from poolbench.runtime.process import configured, stopping_on_signals
from poolbench.runtime.provenance import now
from poolbench.runtime.scheduling import longest_first
from poolbench.runtime.session import Assignment, Session, read_assignment
from poolbench.runtime.task import TASKS, open_probes
from poolbench.runtime.trainer import Reporting, Trainer
from poolbench.store.attempts import Attempts
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store
from poolbench.store.writer import CellWriter
from poolbench.training.arithmetic import check_tf32
from poolbench.training.captured import GraphRecorder
from poolbench.training.loop import Progress

MAX_ATTEMPTS = 3
_PROGRESS_EVERY_S = 0.5


class Worker:
    """Works through the study of a session.

    Args:
        assignment: What to do, and how.

    Raises:
        EnvironmentFault: The device or the store cannot be used.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._store = Store(Path(assignment.store))
        self._session = Session(self._store, assignment.session)
        self._study = self._session.study(assignment.study)
        self._task = TASKS[assignment.task]
        self._device = open_device(assignment.device)
        self._limit_memory(self._study.execution.gpu_memory_mib)
        if self._device.type == "cuda" and "tf32" in {
            cell.recipe.precision for cell in self._study.cells
        }:
            check_tf32(self._device)
        root = Path(assignment.data_root) if assignment.data_root else None
        self._data_cache = DataCache(root, self._device)
        captured = self._study.execution.captured and assignment.task == "train"
        recorder = GraphRecorder(self._device) if captured else None
        self._trainer = Trainer(self._data_cache, self._device, recorder)
        self._signal = 0
        self._told_at = 0.0

    @property
    def cudnn_benchmark(self) -> bool:
        """Whether cuDNN may time its algorithms to find the fastest."""
        return self._study.execution.cudnn_benchmark

    def work(self) -> int:
        """Process free cells; return the exit code: 0, or 128 + the signal that ended it."""
        for cell in longest_first(self._store, self._study.cells):
            if self._signal:
                break
            if self._is_settled(cell):
                continue
            with self._store.writing(cell) as writer:
                if writer is not None and not self._is_settled(cell):
                    self._attempt(writer)
        return 128 + self._signal if self._signal else 0

    def stop(self, signal_number: int) -> None:
        """Save and end at the next step or batch."""
        self._signal = signal_number

    def _limit_memory(self, limit_mib: int | None) -> None:
        """Keep to a share of the GPU's memory, as nobody else sees to it."""
        if limit_mib is not None and self._device.type == "cuda":
            total = torch.cuda.get_device_properties(self._device).total_memory
            share = min(1.0, limit_mib * 2**20 / total)
            torch.cuda.set_per_process_memory_fraction(share, self._device)

    def _is_settled(self, cell: Cell) -> bool:
        return not self._session.is_open(self._task, self._study, cell)

    def _attempt(self, writer: CellWriter) -> None:
        cell, session = writer.cell, self._assignment.session
        measuring = self._assignment.task == "probe"
        run = self._store.folder(cell.id)
        notes: Attempts = MeasurementWriter(run) if measuring else writer
        if not measuring and self._store.is_committed(cell.id):
            if self._store.has_result(cell.id):
                return  # of a process that the lock did not keep apart
            moved = self._store.quarantine(cell.id)
            self._notice(cell, f"its stored run is damaged and was moved to {moved}")
        # First of all: a worker without an event counts as one that cannot work here.
        self._emit(self._event("started", cell))
        attempt = notes.begin(
            session,
            {"worker": self._assignment.worker, "pid": os.getpid(), "started": now()},
        )
        if attempt > MAX_ATTEMPTS:
            self._fail(
                notes,
                cell,
                f"{MAX_ATTEMPTS} workers died while {self._task.doing} it",
                "the system may be short of memory: try fewer --jobs",
            )
            return
        try:
            # The file of a plug-in may have changed since the command began.
            require(components_of(cell))
            if isinstance(notes, MeasurementWriter):
                self._measure(notes, cell)
            else:
                self._train(writer)
        except EnvironmentFault:
            raise
        except Exception as error:  # any cell may fail in its own way; the others continue
            # Less memory may do for another cell; no cell does without files or processes.
            if not is_out_of_memory(error) and (fault := limit_fault(error)):
                raise fault from error
            self._fail(notes, cell, *_explained(error), log=traceback.format_exc())
        self._clear_memory()

    def _train(self, writer: CellWriter) -> None:
        cell = writer.cell
        _, result = self._trainer.train(writer, self._reporting(cell))
        if result is not None:
            self._emit(result_event(cell, result))

    def _measure(self, writer: MeasurementWriter, cell: Cell) -> None:
        probes = open_probes(self._store, cell, self._study.probes)
        watcher = self._reporting(cell).preparing()
        try:
            run = ProbedRun(self._store, cell, self._data_cache, self._device, watcher)
        except Stopped:
            return
        done = measure_run(
            run,
            probes,
            writer,
            should_stop=lambda: self._signal != 0,
            on_progress=lambda name, share: self._tell(
                replace(self._event("progress", cell, name), fraction=share)
            ),
            on_notice=lambda message: self._notice(cell, message),
        )
        if done:
            names = ", ".join(probe.name for probe in probes)
            self._emit(replace(self._event("finished", cell, names), fraction=1.0))

    def _clear_memory(self) -> None:
        """Free a network's reference cycles, and the GPU's cached blocks, for the next cell."""
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _fail(
        self, notes: Attempts, cell: Cell, reason: str, advice: str = "", log: str = ""
    ) -> None:
        notes.record_failure(self._assignment.session, reason, advice, log)
        detail = f"{reason} ({advice})" if advice else reason
        self._emit(self._event("failed", cell, detail))

    def _reporting(self, cell: Cell) -> Reporting:
        def on_progress(progress: Progress) -> None:
            self._tell(
                Event(
                    kind="progress",
                    cell=cell.id,
                    label=str(cell),
                    epoch=progress.epoch,
                    epochs=progress.epochs,
                    fraction=progress.fraction,
                    loss=progress.loss,
                    accuracy=progress.accuracy,
                    images_per_s=progress.images_per_s,
                )
            )

        return Reporting(
            should_stop=lambda: self._signal != 0,
            on_progress=on_progress,
            on_preparing=lambda words: self._tell(self._event("progress", cell, words)),
            on_notice=lambda message: self._notice(cell, message),
        )

    def _tell(self, event: Event) -> None:
        """Emit a progress event, unless one has just been emitted."""
        if time.monotonic() - self._told_at >= _PROGRESS_EVERY_S:
            self._told_at = time.monotonic()
            self._emit(event)

    def _notice(self, cell: Cell, message: str) -> None:
        self._emit(self._event("notice", cell, message))

    def _event(self, kind: Kind, cell: Cell, detail: str = "") -> Event:
        epochs = cell.recipe.epochs if self._assignment.task == "train" else 0
        return Event(kind=kind, cell=cell.id, label=str(cell), epochs=epochs, detail=detail)

    def _emit(self, event: Event) -> None:
        self._session.emit(self._assignment.worker, event)


def _explained(error: Exception) -> tuple[str, str]:
    """Return the error in one line, and advice."""
    if isinstance(error, PoolbenchError):
        return error.message, error.hint
    line = (str(error).strip().splitlines() or [""])[0]
    if isinstance(error, torch.OutOfMemoryError) or is_out_of_memory(error):
        advice = "use a smaller recipe.batch_size, fewer --jobs, or another --device"
        return f"out of memory: {line}", advice
    return f"{type(error).__name__}: {line}", ""


def work(job_file: Path) -> int:
    """Do a job; return its exit code.

    A fault of the machine is stored in the session for the command that started it.
    """
    assignment = read_assignment(job_file)
    load_plugins(assignment.plugins)
    take_entries(assignment.entries)
    session = Session(Store(Path(assignment.store)), assignment.session)
    try:
        assignment.check_version()
        worker = Worker(assignment)
        with (
            stopping_on_signals(worker.stop),
            configured(
                assignment.device, assignment.threads, cudnn_benchmark=worker.cudnn_benchmark
            ),
        ):
            return worker.work()
    except Exception as error:
        fault = error if isinstance(error, EnvironmentFault) else limit_fault(error)
        if fault is None:
            raise
        _report(session, fault)
        return fault.exit_code


def _report(session: Session, fault: EnvironmentFault) -> None:
    """Store a fault, or write it to the log: a full disk may have room for neither."""
    try:
        session.report_fault(fault)
    except EnvironmentFault:
        with suppress(OSError):
            sys.stderr.write(f"{fault.message}\n{fault.hint}\n")
            sys.stderr.flush()
