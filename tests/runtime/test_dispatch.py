"""Cells are each done once, whatever happens to the workers; shown on a simulated cluster."""

# ruff: noqa: ARG002, ARG005 - methods of a protocol that need not look at all they get

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

import numpy as np
import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.engines.api import Ended, Job
from poolbench.runtime.dispatch import ATTEMPTS, Dispatcher
from tests.runtime.simulated import Cluster, Ledger, cells

SPREAD = 0.7


def simulate(
    count: int,
    workers: int,
    *,
    node_life_s: float = 6 * 3600,
    order: Callable[[float], float] = lambda s: s,
) -> tuple[Ledger, Cluster]:
    """Run cells of lognormal durations (mean 337 s) on a cluster whose nodes die now and then."""
    made = cells(count, seeds=30)
    random = np.random.default_rng(0)
    conditions = dict.fromkeys(cell.condition for cell in made)
    drawn = random.lognormal(np.log(337) - SPREAD**2 / 2, SPREAD, size=len(conditions))
    work = Ledger(dict(zip(conditions, map(float, drawn), strict=True)))
    told = work.duration_s
    work.duration_s = lambda cell: order(told(cell) or 0.0)  # type: ignore[method-assign]
    cluster = Cluster(
        work, workers=workers, node_life_s=node_life_s, false_deaths=0.05, start_s=10.0, seed=3
    )
    Dispatcher(cluster, work, ["auto"]).run(made)
    assert work.committed == {cell.id for cell in made}
    assert work.given_up == []
    return work, cluster


def test_a_hundred_thousand_cells_on_a_thousand_workers_are_each_done_once() -> None:
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work, cluster = simulate(100_000, 1000)
    spent_s = time.process_time() - began
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    utilisation = cluster.busy_s / (1000 * cluster.now_s)
    figures = {
        "starts": work.starts.total(),
        "most starts of a cell": max(work.starts.values()),
        "second commits refused": work.refused,
        "utilisation": round(utilisation, 3),
        "hours": round(cluster.now_s / 3600, 2),
        "seconds": round(spent_s, 1),
        "megabytes": round(grown_mb),
    }
    print(figures)  # noqa: T201 - with -s
    assert max(work.starts.values()) <= ATTEMPTS
    assert work.refused > 0
    assert work.starts.total() - 100_000 > work.refused
    assert cluster.most_in_hand <= cluster.slots
    assert utilisation >= 0.95


def test_the_longest_first_leaves_no_long_cell_for_the_end() -> None:
    _, longest = simulate(3_000, 400, node_life_s=1e9)
    _, shortest = simulate(3_000, 400, node_life_s=1e9, order=lambda s: -s)
    assert longest.now_s < 0.9 * shortest.now_s


class Scripted:
    """An engine whose jobs end as a function says."""

    is_remote: ClassVar[bool] = True
    is_shared: ClassVar[bool] = False
    slots = None

    def __init__(self, end: Callable[[Job], Ended], *, each: int = 1) -> None:
        self.end, self.each = end, each
        self.submitted: list[Job] = []
        self._waiting: list[Job] = []

    def cells_per_job(self, count: int) -> int:
        return self.each

    def submit(self, jobs: Sequence[Job]) -> None:
        self.submitted += jobs
        self._waiting += jobs

    def poll(self, timeout_s: float) -> Collection[Ended]:
        ended, self._waiting = [self.end(job) for job in self._waiting], []
        return ended

    def stop(self, grace_s: float) -> None:
        pass


class Lists(Ledger):
    """Cells by job, any number."""

    def __init__(self) -> None:
        super().__init__({})
        self.cells: dict[str, list[str]] = {}

    def duration_s(self, cell: object) -> None:  # type: ignore[override]
        return None

    def has_begun(self, job: str) -> bool:
        return True

    def job(self, name: str, cells: Sequence, device: str) -> Job:  # type: ignore[type-arg]
        self.cells[name] = [cell.id for cell in cells]
        return Job(name=name, file=None, log=None)  # type: ignore[arg-type]

    def open(self, cells: Sequence) -> list:  # type: ignore[type-arg]
        return [cell for cell in super().open(cells) if cell.id not in self.given_up]


def test_cells_are_dealt_in_turns_and_a_list_that_got_somewhere_goes_on() -> None:
    work = Lists()

    def end(job: Job) -> Ended:
        # Each job dies after its first cell.
        work.committed.add(work.cells[job.name][0])
        return Ended(job=job.name, exit_code=None, detail="killed")

    made = cells(10, seeds=2)
    engine = Scripted(end, each=5)
    Dispatcher(engine, work, ["auto"]).run(made)
    # First one of each condition, of which there are five; then the others.
    ordered = made[::2] + made[1::2]
    assert [work.cells[job.name] for job in engine.submitted[:2]] == [
        [cell.id for cell in ordered[first::2]] for first in range(2)
    ]
    assert work.committed == {cell.id for cell in made}
    assert work.given_up == []


def test_a_cell_that_no_job_gets_done_is_given_up_after_three_and_the_others_are_done() -> None:
    work = Lists()
    made = cells(4, seeds=1)
    bad = made[1].id

    def end(job: Job) -> Ended:
        (cell,) = work.cells[job.name]
        if cell != bad:
            work.committed.add(cell)
        return Ended(job=job.name, exit_code=None if cell == bad else 0)

    engine = Scripted(end)
    Dispatcher(engine, work, ["auto"]).run(made)
    assert work.given_up == [bad]
    assert sum(work.cells[job.name] == [bad] for job in engine.submitted) == ATTEMPTS
    assert work.committed == {cell.id for cell in made} - {bad}


def test_what_a_worker_leaves_in_order_is_waited_for_and_not_started_again() -> None:
    work = Lists()
    waited: list[list[str]] = []

    def wait_for_others(cells: Sequence) -> bool:  # type: ignore[type-arg]
        waited.append([cell.id for cell in cells])
        work.committed.update(cell.id for cell in cells)
        return False

    work.wait_for_others = wait_for_others  # type: ignore[method-assign]
    made = cells(2, seeds=1)
    engine = Scripted(lambda job: Ended(job=job.name, exit_code=0))
    Dispatcher(engine, work, ["auto"]).run(made)
    assert waited == [[cell.id for cell in made]]
    assert len(engine.submitted) == 2


def test_jobs_of_an_earlier_command_are_not_started_again() -> None:
    work = Lists()

    def end(job: Job) -> Ended:
        work.committed.update(work.cells[job.name])
        return Ended(job=job.name, exit_code=0)

    made = cells(4, seeds=1)
    engine = Scripted(end, each=2)
    # Of its two cells one is done: the other was lost with its node.
    old = work.job("worker-0", made[:2], "auto")
    engine._waiting = [old]
    engine.end = lambda job: (
        end(job)
        if job is not old
        else (work.committed.add(made[0].id), Ended(job=job.name, exit_code=None))[1]
    )
    Dispatcher(engine, work, ["auto"], started=1).run(made, {"worker-0": made[:2]})
    assert [work.cells[job.name] for job in engine.submitted] == [
        [made[2].id, made[3].id],
        [made[1].id],
    ]
    assert [job.name for job in engine.submitted] == ["worker-1", "worker-2"]


def test_workers_that_never_reach_a_cell_end_the_run_and_say_why() -> None:
    work = Lists()
    work.has_begun = lambda job: False  # type: ignore[method-assign]
    work.log_tail = lambda job: "no module named torch"  # type: ignore[method-assign]
    engine = Scripted(lambda job: Ended(job=job.name, exit_code=None, detail="exit 1 on n3"))
    with pytest.raises(EnvironmentFault, match=r"exit 1 on n3.*\nno module named torch"):
        Dispatcher(engine, work, ["auto"]).run(cells(1, seeds=1))
    assert len(engine.submitted) == ATTEMPTS


def test_dead_starts_far_apart_do_not_end_a_run() -> None:
    work, made = Lists(), cells(40, seeds=1)
    dead = {"worker-3", "worker-13", "worker-23", "worker-33"}
    work.has_begun = lambda job: job not in dead  # type: ignore[method-assign]

    def end(job: Job) -> Ended:
        if job.name in dead:
            return Ended(job=job.name, exit_code=None)
        work.committed.update(work.cells[job.name])
        return Ended(job=job.name, exit_code=0)

    engine = Scripted(end)
    engine.slots = 1  # type: ignore[assignment]
    Dispatcher(engine, work, ["auto"]).run(made)
    assert work.committed == {cell.id for cell in made}
    assert len(engine.submitted) == 44


def test_a_node_where_nothing_starts_does_not_end_what_runs_elsewhere() -> None:
    work, made = Lists(), cells(12, seeds=1)
    good = {"worker-0"}
    work.has_begun = lambda job: job in good  # type: ignore[method-assign]
    engine = Scripted(lambda job: Ended(job=job.name, exit_code=None, detail="bad node"))

    def poll(timeout_s: float) -> Collection[Ended]:
        bad = [job for job in engine._waiting if job.name not in good]
        engine._waiting = [job for job in engine._waiting if job.name in good]
        if not bad:
            for job in engine._waiting:
                work.committed.update(work.cells[job.name])
            bad, engine._waiting = engine._waiting, []
        return [engine.end(job) for job in bad]

    engine.poll = poll  # type: ignore[method-assign]
    Dispatcher(engine, work, ["auto"]).run(made)
    assert len(work.committed) == 1
    assert len(work.given_up) == 11


def test_why_nothing_runs_is_said_once_and_again_when_it_changes() -> None:
    work, told = Lists(), []
    work.notice = told.append  # type: ignore[method-assign]
    reasons = ["2 queued: Priority", "2 queued: Priority", "", "1 queued: Licenses", ""]

    class Slow(Scripted):
        def poll(self, timeout_s: float) -> Collection[Ended]:
            return super().poll(timeout_s) if len(reasons) == 1 else []

        def waiting(self) -> str:
            return reasons.pop(0)

    def end(job: Job) -> Ended:
        work.committed.update(work.cells[job.name])
        return Ended(job=job.name, exit_code=0)

    Dispatcher(Slow(end, each=2), work, ["auto"]).run(cells(2, seeds=1))
    assert told == ["2 queued: Priority", "1 queued: Licenses"]


def test_a_fault_that_a_worker_found_ends_the_run() -> None:
    work = Lists()
    work.fault = lambda: EnvironmentFault("no data on n2")  # type: ignore[method-assign]
    engine = Scripted(lambda job: Ended(job=job.name, exit_code=6))
    with pytest.raises(EnvironmentFault, match="no data on n2"):
        Dispatcher(engine, work, ["auto"]).run(cells(3, seeds=1))
