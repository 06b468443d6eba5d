"""A cluster with a virtual clock, behind the protocols of an engine and of a store."""

# ruff: noqa: ARG002 - methods of a protocol that need not look at all they get

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from poolbench.core.cell import Cell
from poolbench.core.errors import EnvironmentFault
from poolbench.engines.api import Ended, Job
from tests.cells import a_study

PER_NODE = 8


def cells(count: int, seeds: int) -> list[Cell]:
    """Return cells of different conditions, ``seeds`` of each, without a hash for each."""
    (like,) = a_study(("average",), seeds=1).cells
    made = []
    for number in range(count):
        cell = replace(like, seed=number % seeds)
        # Hashes of a hundred thousand identities would be most of the time.
        cell.__dict__["id"] = f"{number:016x}"
        cell.__dict__["condition"] = f"{number // seeds:016x}"
        made.append(cell)
    return made


class Cluster:
    """An engine of ``workers`` workers, eight on a node.

    Args:
        work: Where cells are committed.
        workers: Number of workers.
        node_life_s: Mean time between the deaths of a node.
        false_deaths: Share of the deaths that are none: the node is only taken for dead, and what
            it runs is committed when it ends.
        start_s: Mean time from submission to the first step, once a worker is free.
        seed: Of every random draw.
    """

    is_remote: ClassVar[bool] = True
    is_shared: ClassVar[bool] = False

    def __init__(
        self,
        work: Ledger,
        *,
        workers: int,
        node_life_s: float,
        false_deaths: float,
        start_s: float,
        seed: int,
    ) -> None:
        self.slots = 2 * workers
        self.now_s = self.busy_s = 0.0
        self.most_in_hand = 0
        self._work, self._workers = work, workers
        self._random = np.random.default_rng(seed)
        self._life_s, self._false_deaths, self._start_s = node_life_s, false_deaths, start_s
        self._waiting: deque[Job] = deque()
        self._free = list(range(workers))
        self._running: dict[int, tuple[Job, float, float]] = {}
        self._saved_s: defaultdict[str, float] = defaultdict(float)
        self._events: list[tuple[float, int, str, int, Job | None]] = []
        self._number = 0
        for node in range(workers // PER_NODE):
            self._later(self._random.exponential(node_life_s), "death", node)

    def cells_per_job(self, count: int) -> int:
        return 1

    def submit(self, jobs: Sequence[Job]) -> None:
        self._waiting.extend(jobs)
        self._begin()
        self.most_in_hand = max(self.most_in_hand, len(self._waiting) + len(self._running))

    def poll(self, timeout_s: float) -> Collection[Ended]:
        while True:
            self.now_s, _, kind, place, job = heapq.heappop(self._events)
            if kind == "death":
                ended = self._die(place)
            elif job is None or self._running.get(place, (None,))[0] is not job:
                # It ran on a node that was taken for dead, or is dead.
                ended = []
                if kind == "false end" and job is not None:
                    self._work.commit(job.name)
            elif kind == "begin":
                self._work.begun.add(job.name)
                ended = []
            else:
                ended = [self._end(place)]
            if ended:
                self._begin()
                return ended

    def stop(self, grace_s: float) -> None:
        pass

    def _later(self, delay_s: float, kind: str, place: int, job: Job | None = None) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now_s + delay_s, self._number, kind, place, job))

    def _begin(self) -> None:
        while self._waiting and self._free:
            job, worker = self._waiting.popleft(), self._free.pop()
            start_s = float(self._random.exponential(self._start_s))
            lasts_s = self._work.lasts_s(job.name) - self._saved_s[self._work.begin(job.name)]
            self._running[worker] = job, self.now_s + start_s, lasts_s
            self._later(start_s, "begin", worker, job)
            self._later(start_s + lasts_s, "end", worker, job)

    def _end(self, worker: int) -> Ended:
        job, _, lasts_s = self._running.pop(worker)
        self.busy_s += lasts_s
        self._work.commit(job.name)
        self._free.append(worker)
        return Ended(job=job.name, exit_code=0)

    def _die(self, node: int) -> list[Ended]:
        self._later(self._random.exponential(self._life_s), "death", node)
        is_false = self._random.random() < self._false_deaths
        ended = []
        for worker in range(node * PER_NODE, (node + 1) * PER_NODE):
            if worker not in self._running:
                continue
            job, began_s, lasts_s = self._running.pop(worker)
            # It goes on from its last checkpoint: one is written at each tenth.
            tenth_s = self._work.lasts_s(job.name) / 10
            done_s = max(0.0, self.now_s - began_s) // tenth_s * tenth_s
            self.busy_s += done_s
            self._saved_s[self._work.cell(job.name)] += done_s
            if is_false:
                self._later(began_s + lasts_s - self.now_s, "false end", worker, job)
            self._free.append(worker)
            ended.append(Ended(job=job.name, exit_code=None, detail="node lost"))
        return ended


class Ledger:
    """What is known of the cells, as a store would tell it.

    Args:
        durations_s: Duration of each condition's cells.
    """

    def __init__(self, durations_s: dict[str, float]) -> None:
        self._durations_s = durations_s
        self.committed: set[str] = set()
        self.refused = 0
        self.begun: set[str] = set()
        self.starts: Counter[str] = Counter()
        self.given_up: list[str] = []
        self._cell_of: dict[str, Cell] = {}

    def open(self, cells: Sequence[Cell]) -> list[Cell]:
        return [cell for cell in cells if cell.id not in self.committed]

    def duration_s(self, cell: Cell) -> float | None:
        return self._durations_s[cell.condition]

    def wait_for_others(self, cells: Sequence[Cell]) -> bool:
        return False

    def job(self, name: str, cells: Sequence[Cell], device: str) -> Job:
        (self._cell_of[name],) = cells
        return Job(name=name, file=Path(name), log=Path(name))

    def has_begun(self, job: str) -> bool:
        return job in self.begun

    def log_tail(self, job: str) -> str:
        return ""

    def fault(self) -> EnvironmentFault | None:
        return None

    def forward(self) -> None:
        pass

    def notice(self, message: str) -> None:
        pass

    def give_up(self, cell: Cell, reason: str, advice: str) -> None:
        self.given_up.append(cell.id)

    def lasts_s(self, job: str) -> float:
        return self._durations_s[self._cell_of[job].condition]

    def cell(self, job: str) -> str:
        return self._cell_of[job].id

    def begin(self, job: str) -> str:
        cell = self.cell(job)
        self.starts[cell] += 1
        return cell

    def commit(self, job: str) -> None:
        """The first commit of a cell counts."""
        cell = self._cell_of[job]
        if cell.id in self.committed:
            self.refused += 1
        self.committed.add(cell.id)
