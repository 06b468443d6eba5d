"""The engine of Slurm: job arrays whose elements are lists of cells.

Scripts of our own rather than submitit: without Slurm's accounting, submitit waits for ever for a
job that failed. Here ``squeue`` is all that is asked, once a poll; an element that is no longer
queued has ended, and the store says what it got done.

A session's arrays are known by their names, ``poolbench-<session>-<array>``, and by the lists of
jobs in its folder, so nothing is lost if the command ends, in whatever way: the next one finds
what is still queued and goes on with it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar

from poolbench.core.counted import counted
from poolbench.core.errors import EnvironmentFault
from poolbench.engines.api import Ended, Job, Unreachable, Workers
from poolbench.engines.slurm_polling import Polling, describe_waiting
from poolbench.engines.slurm_queue import PREFIX, array_size, arrays_of, cancel, queued, run
from poolbench.engines.slurm_script import arguments, end_of, script


class SlurmEngine:
    """Submit jobs as elements of arrays.

    Each element has a whole allocation, in which as many workers run as fit. Slurm signals it
    before its time is up: it saves and asks to be queued again. Slurm itself queues elements again
    that were preempted or whose node failed.

    Args:
        workers: What a worker is, and what it needs.
        partition: Partition; empty for Slurm's default.
        account: Account to charge; empty for Slurm's default.
        gres: Generic resources of an element, such as ``gpu:1``; empty for none.
        cpus: CPUs of an element; at least 1.
        memory: Memory of an element, such as ``16G``; empty for Slurm's default.
        time: Time limit of an element, such as ``8:00:00``; empty for Slurm's default.
        grace_s: How long before its time limit an element saves, in seconds.
        elements: Most elements of a batch of cells; at least 1.
        max_array: Most elements of one array; ``None`` asks Slurm.
        setup: Shell commands before the worker starts, such as ``module load cuda``.
        python: The Python of the nodes; empty for the one that runs the command.
        poll_s: Seconds between two looks at the queue.
    """

    is_here: ClassVar[bool] = False
    is_remote: ClassVar[bool] = True
    is_shared: ClassVar[bool] = False
    slots = None

    def __init__(
        self,
        workers: Workers,  # noqa: ARG002 - an element finds out what fits there
        *,
        partition: str,
        account: str,
        gres: str,
        cpus: int,
        memory: str,
        time: str,
        grace_s: int,
        elements: int,
        max_array: int | None,
        setup: Sequence[str],
        python: str,
        poll_s: float,
    ) -> None:
        self._asked = {
            "partition": partition,
            "account": account,
            "gres": gres,
            "cpus-per-task": str(cpus),
            "mem": memory,
            "time": time,
        }
        self._grace_s, self._elements, self._max_array = grace_s, elements, max_array
        self._setup, self._python = tuple(setup), python or sys.executable
        self._polling = Polling(poll_s)
        self._folder: Path | None = None
        self._arrays: dict[str, list[str]] = {}
        self._running: dict[str, tuple[str, int]] = {}
        self._waits: dict[str, str] = {}
        self._untold = 0
        self._is_detached = False

    def cells_per_job(self, count: int) -> int:
        """Return the length of the lists that divide ``count`` cells among the elements."""
        return -(-count // self._elements)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Submit an array, or several if there are more jobs than one may have.

        Raises:
            EnvironmentFault: Slurm is not there, or does not take the array.
        """
        most = self._max_array or array_size()
        for first in range(0, len(jobs), most):
            self._submit(jobs[first : first + most])
        self._polling.postpone()

    def adopt(self, folder: Path) -> list[str]:
        """Take over what an earlier command submitted for a session.

        Args:
            folder: The session's folder.

        Returns:
            The jobs that are still queued or running.

        Raises:
            Unreachable: Slurm does not answer.
        """
        arrays = arrays_of(folder)
        there = queued()
        alive = {
            name: (array, index)
            for array, names in arrays.items()
            for index, name in enumerate(names)
            if (array, index) in there
        }
        if alive:
            self._folder, self._arrays, self._running = folder, arrays, alive
            self._waits = {name: there[element] for name, element in alive.items()}
        return list(alive)

    def poll(self, timeout_s: float) -> Collection[Ended]:
        """Wait up to ``timeout_s``; return the jobs that are no longer queued.

        Raises:
            Unreachable: Slurm has not answered for minutes.
        """
        there = self._polling.look(timeout_s)
        if there is None or self._folder is None:
            return []
        gone = [name for name, element in self._running.items() if element not in there]
        ended = [end_of(self._folder, name, *self._running.pop(name)) for name in gone]
        self._waits = {name: there[element] for name, element in self._running.items()}
        return ended

    def waiting(self) -> str:
        """Return why none of the elements runs, as Slurm says it; empty if one does."""
        return describe_waiting(self._waits.values())

    def detach(self) -> str:
        """Leave the jobs to Slurm; return how many there are, as text; empty if none."""
        self._is_detached = True
        left = []
        if self._running:
            left.append(f"{counted(len(self._running), 'array element')} left to Slurm")
        if self._untold:
            elements = counted(self._untold, "array element")
            left.append(f"sbatch was not done with {elements}, which Slurm may have or not")
        return f"detached: {'; '.join(left)}" if left else ""

    def stop(self, grace_s: float) -> None:  # noqa: ARG002 - Slurm has its own
        """Cancel the arrays, unless they were left to Slurm."""
        if self._running and not self._is_detached:
            cancel({array for array, _ in self._running.values()})
        self._running, self._waits = {}, {}

    def _submit(self, jobs: Sequence[Job]) -> None:
        folder = jobs[0].file.parent
        if folder != self._folder:
            self._folder, self._arrays = folder, {}
        array = f"{PREFIX}{folder.name}-{len(self._arrays)}"
        self._arrays[array] = [job.name for job in jobs]
        # Before it is submitted, so that no array is ever unknown.
        (folder / f"{array}.jobs").write_text("".join(f"{job.name}\n" for job in jobs))
        place = folder.absolute(), array
        asked = arguments(*place, len(jobs), grace_s=self._grace_s, asked=self._asked)
        self._untold = len(jobs)
        try:
            run("sbatch", *asked, text=script(*place, setup=self._setup, python=self._python))
        except EnvironmentFault as fault:
            if not isinstance(fault, Unreachable):
                self._untold = 0
            raise
        self._untold = 0
        self._running |= {job.name: (array, index) for index, job in enumerate(jobs)}
