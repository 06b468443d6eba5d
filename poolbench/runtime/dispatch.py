"""Handing cells to an engine until each is settled.

What is done is asked of the store, whatever the engine says. Workers are only started, watched
and, if one ends without its result, started again; a cell that no worker gets done is given up.
Nothing here knows time or files, so that a simulation runs the same code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from poolbench.core.cell import Cell
from poolbench.core.errors import EnvironmentFault, PoolbenchError
from poolbench.engines.api import REFUSED, Ended, Engine, Job, Queueing
from poolbench.runtime.scheduling import LongestFirst

POLL_S = 0.2
ATTEMPTS = 3
"""Jobs in a row that may end without getting a cell done."""

_OF_THE_MACHINE = {EnvironmentFault.exit_code, REFUSED}
_KILLED = "the system may be short of memory (see dmesg): try fewer --jobs"
_BAD_NODE = "see that every node has this Python with poolbench, and the store's disk"


class Work(Protocol):
    """What a dispatcher has to know of its cells."""

    def open(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return the cells that are not done and have not failed here."""
        ...

    def duration_s(self, cell: Cell) -> float | None:
        """Return how long a cell took; ``None`` if that tells nothing of its like."""
        ...

    def wait_for_others(self, cells: Sequence[Cell]) -> bool:
        """Wait while other processes hold all of these; return whether one is open then."""
        ...

    def job(self, name: str, cells: Sequence[Cell], device: str) -> Job:
        """Describe the work of a worker."""
        ...

    def has_begun(self, job: str) -> bool:
        """Whether a worker reached its first cell."""
        ...

    def log_tail(self, job: str) -> str:
        """Return the last lines that a worker wrote."""
        ...

    def fault(self) -> EnvironmentFault | None:
        """Return the fault of the machine that a worker found."""
        ...

    def forward(self) -> None:
        """Show what the workers did since the last call."""
        ...

    def notice(self, message: str) -> None:
        """Show a message."""
        ...

    def give_up(self, cell: Cell, reason: str, advice: str) -> None:
        """Record that a cell failed."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Running:
    """A job in the engine's hands."""

    cells: Sequence[Cell]
    device: str


class Dispatcher:
    """Runs cells on an engine.

    Args:
        engine: Where they run.
        work: What is known of them.
        devices: The device of each worker, if workers share all cells; else the first one is
            every worker's.
        started: Number of jobs that earlier calls started.
    """

    def __init__(
        self, engine: Engine, work: Work, devices: Sequence[str], *, started: int = 0
    ) -> None:
        self._engine, self._work, self._devices = engine, work, devices
        self._running: dict[str, _Running] = {}
        self._started = started
        self._stillborn = 0
        self._waiting = ""
        self._vain: Counter[str] = Counter()

    def run(
        self, cells: Sequence[Cell], adopted: Mapping[str, Sequence[Cell]] | None = None
    ) -> None:
        """Return when none of the cells is open.

        Args:
            cells: The cells.
            adopted: Cells by job for those that run already, from an earlier call.

        Raises:
            EnvironmentFault: A worker, or the engine, cannot work here.
            PoolbenchError: Workers end before their first cell.
        """
        if self._engine.is_shared:
            self._share(cells)
        else:
            self._deal(cells, adopted or {})

    def _share(self, cells: Sequence[Cell]) -> None:
        """Let every worker take from all cells."""
        self._submit([(cells, device) for device in self._devices])
        while True:
            while self._running:
                for ended, running in self._poll():
                    if ended.exit_code and (left := self._work.open(cells)):
                        self._tell_death(ended)
                        self._submit([(left, running.device)])
            left = self._work.open(cells)
            if not left or not self._work.wait_for_others(left):
                return
            self._submit([(cells, self._devices[0])])

    def _deal(self, cells: Sequence[Cell], adopted: Mapping[str, Sequence[Cell]]) -> None:
        """Give every worker cells of its own."""
        for name, own in adopted.items():
            self._running[name] = _Running(cells=own, device=self._devices[0])
        taken = {cell.id for own in adopted.values() for cell in own}
        queue = LongestFirst([cell for cell in cells if cell.id not in taken])
        while True:
            while queue or self._running:
                self._submit(self._dealt(queue))
                for ended, running in self._poll():
                    for cell in self._settle(ended, running.cells, queue):
                        queue.add(cell)
            left = self._work.open(cells)
            if not left or not self._work.wait_for_others(left):
                return
            for cell in self._work.open(left):
                queue.add(cell)

    def _dealt(self, queue: LongestFirst) -> list[tuple[Sequence[Cell], str]]:
        """Take as many jobs from the queue as the engine has room for."""
        slots = self._engine.slots
        room = len(queue) if slots is None else slots - len(self._running)
        if not queue or room <= 0:
            return []
        each = self._engine.cells_per_job(len(queue))
        jobs = min(room, -(-len(queue) // each))
        taken = [queue.pop() for _ in range(min(len(queue), jobs * each))]
        # In turns, so that every job has long and short ones.
        return [(taken[first::jobs], self._devices[0]) for first in range(jobs)]

    def _submit(self, dealt: Sequence[tuple[Sequence[Cell], str]]) -> None:
        jobs = []
        for cells, device in dealt:
            name = f"worker-{self._started}"
            self._started += 1
            self._running[name] = _Running(cells=cells, device=device)
            jobs.append(self._work.job(name, cells, device))
        if jobs:
            self._engine.submit(jobs)

    def _poll(self) -> list[tuple[Ended, _Running]]:
        ended = self._engine.poll(POLL_S)
        self._work.forward()
        self._tell_waiting()
        if ended and (fault := self._work.fault()) is not None:
            raise fault
        if any(self._work.has_begun(each.job) for each in ended):
            self._stillborn = 0
        return [(each, self._running.pop(each.job)) for each in ended]

    def _settle(self, ended: Ended, cells: Sequence[Cell], queue: LongestFirst) -> list[Cell]:
        """Learn from a job that ended; return its cells that are to be run again."""
        left = self._work.open(cells)
        open_ids = {cell.id for cell in left}
        for cell in cells:
            if cell.id not in open_ids and not queue.knows(cell.condition):
                duration_s = self._work.duration_s(cell)
                if duration_s is not None:
                    queue.learn(cell.condition, duration_s)
        # What a worker leaves that ends in order is held by another process.
        if not left or ended.exit_code == 0:
            return []
        self._tell_death(ended)
        if len(left) < len(cells):
            return left
        self._vain.update(open_ids)
        for cell in left:
            if self._vain[cell.id] == ATTEMPTS:
                reason = f"{ATTEMPTS} jobs in a row ended without a result"
                self._work.give_up(cell, reason, "run it alone to see why: --engine inline")
        return [cell for cell in left if self._vain[cell.id] < ATTEMPTS]

    def _tell_waiting(self) -> None:
        """Say why nothing runs, when that changes."""
        waiting = self._engine.waiting() if isinstance(self._engine, Queueing) else ""
        if waiting and waiting != self._waiting:
            self._work.notice(waiting)
        self._waiting = waiting

    def _tell_death(self, ended: Ended) -> None:
        """Say that a worker died.

        Raises:
            EnvironmentFault: The machine refuses a worker what it needs, or none comes as far as
                a cell.
            PoolbenchError: One on this machine ends before its first cell by an error of ours.
        """
        how = f"exit {ended.exit_code}" if ended.exit_code is not None else ended.detail or "lost"
        log = self._work.log_tail(ended.job)
        if self._engine.is_shared and ended.exit_code in _OF_THE_MACHINE:
            raise _fault_of(ended.detail or log)
        if not self._work.has_begun(ended.job):
            self._count_stillborn(ended, f"died before its first cell ({how})", log)
        message = f"a worker died ({how}); another one takes over its cell"
        self._work.notice(f"{message}\n{log}".strip())

    def _count_stillborn(self, ended: Ended, what: str, log: str) -> None:
        # One that fails on this machine is no accident; one is killed, or on a bad node, by chance.
        is_here, is_killed = self._engine.is_shared, (ended.exit_code or 0) < 0
        if is_here and not is_killed:
            raise PoolbenchError(f"a worker {what}\n{log}".strip())
        self._stillborn += 1
        if any(map(self._work.has_begun, self._running)):
            self._stillborn = 0
        # Here, all workers go with the process that they are forked from.
        most = ATTEMPTS * len(self._devices) if is_here else ATTEMPTS
        if self._stillborn >= most:
            raise EnvironmentFault(
                f"each of {most} workers {what}\n{log}".strip(), _KILLED if is_here else _BAD_NODE
            )


def _fault_of(text: str) -> EnvironmentFault:
    """Return the fault that a worker could tell only in the last two lines of what it wrote."""
    *_, message, hint = ["", "", *text.strip().splitlines()]
    if not message:
        return EnvironmentFault(
            hint or "a worker cannot work here, nor write why",
            "" if hint else "see that the store's disk has free space",
        )
    return EnvironmentFault(message, hint)
