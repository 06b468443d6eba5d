"""The engine of Ray: tasks on a cluster, or on this machine. Importing it does not import Ray.

A task is a job. Ray places it, and tells when it ended; it never tries one again by itself, and
nothing is returned through its object store. Worker processes are used again, so each imports
torch once.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from poolbench.core.errors import EnvironmentFault, not_installed
from poolbench.engines.api import Ended, Job, Workers
from poolbench.engines.fork_server import resolve
from poolbench.engines.local import worker_environment

_ANSWER_S = 10.0
_AHEAD = 2
"""Tasks submitted for each that runs: no worker waits for the command to look again."""


class RayEngine:
    """Run jobs as tasks.

    Args:
        workers: What a worker is, and what it needs.
        address: Of a running cluster, such as ``auto`` or ``ray://head:10001``; empty starts one
            on this machine.
        cpus: CPUs that a task reserves; ``None`` for its threads.
        memory_mib: Memory that a task reserves, in MiB; ``None`` for none.
    """

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
        ray = _import_ray()
        _check_address(self._address)
        has_cluster = bool(self._address)
        slots = self._workers.slots
        mine: dict[str, Any] = {} if has_cluster else {"num_cpus": slots * self._cpus}
        try:
            with _keeping_signals():
                # Named, as Ray would join whatever cluster ran here last.
                ray.init(
                    address=self._address or "local",
                    include_dashboard=None if has_cluster else False,
                    log_to_driver=False,
                    logging_level="error",
                    runtime_env={"env_vars": self._environment()},
                    **mine,
                )
        except Exception as error:
            raise _refused(error, self._address) from error
        self._ray = ray
        found = ray.cluster_resources()
        gpu = self._workers.gpu if found.get("GPU") else 0.0
        fit = found["GPU"] / gpu if gpu else found.get("CPU", 1.0) / max(self._cpus, 1)
        self._slots = _AHEAD * max(1, int(fit))
        options: dict[str, Any] = {
            "num_cpus": 0 if gpu else self._cpus,
            "num_gpus": gpu,
            "max_retries": 0,
            "max_calls": 0,  # a process for many tasks, on GPUs too
        }
        if self._memory_mib is not None:
            options["memory"] = self._memory_mib * 2**20
        self._task = ray.remote(**options)(_work)

    def _environment(self) -> dict[str, str]:
        """Return the variables of a worker that differ from those of the command."""
        wanted = worker_environment({}, self._workers.threads)
        return {**wanted, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


@contextmanager
def _keeping_signals() -> Iterator[None]:
    """Put the answers to signals back: Ray answers SIGTERM with a crash report."""
    is_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, answer in before.items():
            signal.signal(number, answer)


def _work(target: str, file: str, log: str) -> int:
    """Do a job on a node; what it raises is written to its log."""
    if not Path(file).exists():
        raise RuntimeError(
            f"{os.uname().nodename} does not see {file}: the store must be on a disk that all "
            "nodes share"
        )
    try:
        work = resolve(target)
        return int(work(Path(file)))
    except BaseException:
        with Path(log).open("a") as written:
            traceback.print_exc(file=written)
        raise


def _import_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise not_installed("the engine needs Ray", "ray", "without it: --engine local") from error
    return ray


def _check_address(address: str) -> None:
    """Check that something listens there: Ray itself would try for minutes.

    Raises:
        EnvironmentFault: Nothing does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        return
    try:
        socket.create_connection((host, int(port)), timeout=_ANSWER_S).close()
    except OSError as error:
        raise _refused(error, address) from error


def _refused(error: Exception, address: str) -> EnvironmentFault:
    lines = str(error).strip().splitlines()
    why = lines[0] if lines else type(error).__name__
    if "ersion" in why and "mismatch" in str(error).lower():
        return EnvironmentFault(
            f"Ray: {why}", "use the Ray and the Python of the cluster on this machine"
        )
    where = f"at '{address}'" if address else "on this machine"
    return EnvironmentFault(
        f"Ray cannot be used {where}: {why}",
        "is the cluster up? try: ray status; or leave execution.engine.address out",
    )
