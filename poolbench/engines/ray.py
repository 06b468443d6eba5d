"""The engine of Ray: tasks on a cluster, or on this machine. Importing it does not import Ray.

A task is a job. Ray places it, and tells when it ended; it never tries one again by itself, and
nothing is returned through its object store. Worker processes are used again, so each imports
torch once.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from poolbench.engines.api import Ended, Job, Workers, not_seen
from poolbench.engines.fork_server import resolve
from poolbench.engines.local import worker_environment
from poolbench.engines.ray_cluster import connect

_AHEAD = 2
"""Tasks submitted for each that runs: no worker waits for the command to look again."""
_LOOK_S = 10.0
_UNITS = {"CPU": (1.0, "CPU {:g}"), "GPU": (1.0, "GPU {:g}"), "memory": (2.0**20, "{:,.0f} MiB")}


class RayEngine:
    """Run jobs as tasks.

    Args:
        workers: What a worker is, and what it needs.
        address: Of a running cluster, such as ``auto`` or ``ray://head:10001``; empty starts one
            on this machine.
        cpus: CPUs that a task reserves; ``None`` for its threads.
        memory_mib: Memory that a task reserves, in MiB; ``None`` for none.
    """

    is_here: ClassVar[bool] = False
    is_remote: ClassVar[bool] = True
    is_shared: ClassVar[bool] = False

    def __init__(
        self, workers: Workers, *, address: str, cpus: int | None, memory_mib: int | None
    ) -> None:
        self._workers, self._address = workers, address
        self._cpus = workers.threads if cpus is None else cpus
        self._memory_mib = memory_mib
        self._ray: Any = None
        self._task: Any = None
        self._slots = 0
        self._running: dict[Any, str] = {}
        self._needs: Mapping[str, float] = {}
        self._waiting, self._next_look_s = "", 0.0

    @property
    def slots(self) -> int:
        """Twice the number of tasks that fit on the cluster at once."""
        self._start()
        return self._slots

    def cells_per_job(self, count: int) -> int:  # noqa: ARG002 - however many there are
        """Return 1: Ray places each cell where there is room."""
        return 1

    def submit(self, jobs: Sequence[Job]) -> None:
        """Submit a task for each job.

        Raises:
            EnvironmentFault: Ray is not installed, or the cluster cannot be used.
        """
        self._start()
        for job in jobs:
            # A worker process has a working folder of its own.
            file, log = (str(path.resolve()) for path in (job.file, job.log))
            reference = self._task.remote(self._workers.target, file, log)
            self._running[reference] = job.name

    def poll(self, timeout_s: float) -> Collection[Ended]:
        """Wait up to ``timeout_s`` for tasks to end, and return those that have."""
        if not self._running:
            return []
        waiting = list(self._running)
        try:
            first, _ = self._ray.wait(waiting, num_returns=1, timeout=timeout_s)
        except SystemError as error:
            # So Ray passes on what the answer to a signal raised.
            raise error.__cause__ or error from None
        if not first:
            return []
        ended, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
        return [self._ended(reference) for reference in ended or first]

    def waiting(self) -> str:
        """Return why no task can run on the cluster as it is; empty if one can."""
        if self._running and time.monotonic() >= self._next_look_s:
            self._next_look_s = time.monotonic() + _LOOK_S
            with suppress(Exception):  # what Ray does not tell now, it tells later
                nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
                self._waiting = describe_waiting(self._needs, nodes)
        return self._waiting

    def stop(self, grace_s: float) -> None:
        """Cancel every task, which saves; kill those still running after ``grace_s``."""
        if self._ray is None:
            return
        for reference in self._running:
            with suppress(Exception):  # it may have ended, or its node is gone
                self._ray.cancel(reference, force=False)
        deadline = time.monotonic() + grace_s
        while self._running and (left_s := deadline - time.monotonic()) > 0:
            self.poll(min(1.0, left_s))
        for reference in self._running:
            with suppress(Exception):
                self._ray.cancel(reference, force=True)
        self._ray.shutdown()
        self._ray, self._running = None, {}

    def _ended(self, reference: Any) -> Ended:
        job = self._running.pop(reference)
        try:
            return Ended(job=job, exit_code=self._ray.get(reference))
        except Exception as error:
            lines = str(error).strip().splitlines()
            return Ended(
                job=job, exit_code=None, detail=lines[-1] if lines else type(error).__name__
            )

    def _start(self) -> None:
        if self._ray is not None:
            return
        slots = self._workers.slots
        mine = {} if self._address else {"num_cpus": slots * self._cpus}
        ray = connect(self._address, self._environment(), **mine)
        self._ray = ray
        found = ray.cluster_resources()
        gpu = self._workers.gpu if found.get("GPU") else 0.0
        fit = found["GPU"] / gpu if gpu else found.get("CPU", 1.0) / max(self._cpus, 1)
        self._slots = _AHEAD * max(1, int(fit))
        memory = None if self._memory_mib is None else self._memory_mib * 2**20
        self._needs = {"CPU": 0 if gpu else self._cpus, "GPU": gpu, "memory": memory or 0}
        options: dict[str, Any] = {
            "num_cpus": self._needs["CPU"],
            "num_gpus": gpu,
            "memory": memory,
            "max_retries": 0,
            "max_calls": 0,  # a process for many tasks, on GPUs too
        }
        self._task = ray.remote(**options)(_work)

    def _environment(self) -> dict[str, str]:
        """Return the variables of a worker that differ from those of the command."""
        wanted = worker_environment({}, self._workers.threads)
        return {**wanted, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


def describe_waiting(needs: Mapping[str, float], nodes: Sequence[Mapping[str, float]]) -> str:
    """Return what a task needs that no node has; empty if it fits on one.

    Args:
        needs: Of a task, by Ray's name of the resource.
        nodes: What each node of the cluster has in all.
    """
    if any(all(node.get(key, 0.0) >= need for key, need in needs.items()) for node in nodes):
        return ""
    found = "; ".join(sorted({_amounts(node) for node in nodes} - {""})) or "nothing"
    return f"no node of Ray has what a task needs ({_amounts(needs)}); the nodes have {found}"


def _amounts(of: Mapping[str, float]) -> str:
    amounts = [(of.get(key, 0.0) / unit, noun) for key, (unit, noun) in _UNITS.items()]
    return ", ".join(noun.format(amount) for amount, noun in amounts if amount)


def _work(target: str, file: str, log: str) -> int:
    """Do a job on a node; what it raises is written to its log."""
    if not Path(file).exists():
        raise RuntimeError(f"{os.uname().nodename} {not_seen(Path(file))}")
    try:
        work = resolve(target)
        return int(work(Path(file)))
    except BaseException:
        with Path(log).open("a") as written:
            traceback.print_exc(file=written)
        raise
